package watch

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the clock by which systemd orders messages (CLOCK_MONOTONIC).
func monotonic() (time.Duration, bool) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano()), err == nil
}
