package crawler

import "time"

// realWait is Options.Wait on the system's clock: one timer, set anew each time.
func realWait() func(time.Duration, bool) <-chan time.Time {
	timer := time.NewTimer(time.Hour)
	return func(d time.Duration, _ bool) <-chan time.Time {
		timer.Reset(d)
		return timer.C
	}
}
