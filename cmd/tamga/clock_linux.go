package main

import "syscall"

// clockSynchronised asks the kernel whether something keeps its clock right
// (adjtimex(2): TIME_ERROR while nothing does).
func clockSynchronised() (synchronised, known bool) {
	const timeError = 5
	state, err := syscall.Adjtimex(&syscall.Timex{})
	return state != timeError, err == nil
}
