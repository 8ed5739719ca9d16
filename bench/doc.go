// Package bench measures the bars of SPEC section 15 against real servers that it starts itself, and prints each figure
// with the machine that made it. What is compared is measured in one run, in turns: a round gives every variant one slice
// of time in random order, a ratio is taken within each round, and the median over the rounds is what counts.
package bench
