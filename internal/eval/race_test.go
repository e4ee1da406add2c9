//go:build race

package main

// Under the race detector the models would train for many minutes.
func init() { raced = true }
