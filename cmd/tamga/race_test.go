//go:build race

package main

// raceEnabled says whether the race detector watches, which takes memory of its own.
const raceEnabled = true
