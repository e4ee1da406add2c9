package watch

import (
	"fmt"
	"testing"
	"time"

	"tamga"
)

// runSchedule asks a schedule of n sources as a watch does, with passes of ten
// seconds, while a clock goes on from noon; at jump it is set by so much. It returns
// the begins of each source since then, by what has really passed.
func runSchedule(n int, jump, by, until time.Duration) map[string][]time.Duration {
	var s Schedule
	var sources []Source
	for i := range n {
		sources = append(sources, Source{Name: fmt.Sprintf("s%02d", i), Cadence: time.Duration(1+i%4) * time.Hour})
	}
	s.Set(sources, nil, noon)
	begins := map[string][]time.Duration{}
	type pass struct {
		name  string
		began time.Time
		ends  time.Duration
	}
	var running []pass
	offset, ask := time.Duration(0), time.Duration(0)
	for real := time.Duration(0); real < until; real += time.Second {
		if real == jump {
			offset = by
		}
		now := noon.Add(real + offset)
		for len(running) > 0 && running[0].ends <= real {
			s.Ended(running[0].name, running[0].began, now, tamga.OutcomeOK)
			running, ask = running[1:], real
		}
		if real < ask {
			continue
		}
		begin, _, again := s.Due(now)
		ask = real + min(30*time.Second, max(again.Sub(now), time.Second))
		for _, name := range begin {
			running = append(running, pass{name, now, real + 10*time.Second})
			if real >= jump {
				begins[name] = append(begins[name], real-jump)
			}
		}
	}
	return begins
}

// TestScheduleJumps: a clock that is set a day back or a year on neither silences a
// source for longer than its cadence nor has all of them begin at once, and costs no
// source more than one pass too many.
func TestScheduleJumps(t *testing.T) {
	const n, jump, until = 50, 10*time.Hour + 17*time.Minute, 30 * time.Hour
	for name, by := range map[string]time.Duration{
		"none": 0, "a day back": -24 * time.Hour, "a year on": 365 * 24 * time.Hour, "an hour back": -time.Hour, "an hour on": time.Hour,
		"seconds back": -20 * time.Second, "a year back": -365 * 24 * time.Hour,
	} {
		begins := runSchedule(n, jump, by, until)
		at := map[time.Duration]int{}
		for i := range n {
			source, cadence := fmt.Sprintf("s%02d", i), time.Duration(1+i%4)*time.Hour
			list := begins[source]
			last := time.Duration(0)
			for k, b := range list {
				at[b.Truncate(5*time.Second)]++
				if b-last > cadence+5*time.Minute {
					t.Errorf("%s: %s is silent for %v, its cadence is %v", name, source, b-last, cadence)
				}
				if k > 0 && b-last < cadence {
					t.Errorf("%s: %s begins again after %v", name, source, b-last)
				}
				last = b
			}
			if want := int((until - jump) / cadence); len(list) < want-1 || len(list) > want+1 {
				t.Errorf("%s: %d passes of %s, want %d", name, len(list), source, want)
			}
		}
		for when, k := range at {
			if k > 4 { // one of each cadence may fall together
				t.Errorf("%s: %d sources begin together, %v after the jump", name, k, when)
			}
		}
	}
}
