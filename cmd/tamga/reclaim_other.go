//go:build !linux

package main

import "context"

// boundMapped does nothing where the system has no such advice.
func boundMapped(context.Context, string, int64) {}
