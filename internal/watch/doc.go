// Package watch holds what keeps a recrawl going for months: the schedule of the
// sources, the series of how each was found, the guards of disk and memory, the
// figures for Prometheus and the word to systemd. The crawl itself is package
// crawler's; `tamga watch` brings both together.
//
// Invariants.
//
//   - The schedule is a function of what is configured, when the last pass of each
//     source began and how it ended: it has no file of its own and survives what
//     those survive.
//   - The series is a projection of the evidence log: lost, it is made again.
//   - Nothing here reads the clock: the caller says what time it is.
package watch
