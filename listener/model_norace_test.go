//go:build !race

package listener

// raceDetector says whether everything takes ten times as long.
const raceDetector = false
