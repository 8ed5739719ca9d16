//go:build race

package listener

// raceDetector says that everything takes ten times as long.
const raceDetector = true
