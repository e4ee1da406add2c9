package watch

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tamga"
)

// Source is what the schedule knows of a configured source.
type Source struct {
	Name    string
	Cadence time.Duration // between the starts of two passes; 0: never by itself
	Until   time.Time     // no pass begins at or after; zero: no end
}

// Pass is the last pass of a source, as far as it is known.
type Pass struct {
	Began time.Time // zero: never
	Ended time.Time // zero: under way, or never
	Down  int       // passes in a row whose seed was not reached, this one the last
}

// spread is the longest time between the starts of two sources that are due at
// once, as all are when a watch starts.
const spread = 5 * time.Second

// late is how long after its time a source begins at most while all is well: the
// schedule is asked at least every half minute.
const late = time.Minute

// firstRetry is the shortest time after which a source that was not reached is
// tried again before its time.
const firstRetry = time.Minute

// Schedule says when the next pass of each source begins: its cadence after the
// start of the last one, but not before that one has ended. What was missed while
// nothing ran is not made up: a source that is overdue has one pass, and the
// cadence counts from there. It may be used by several goroutines.
//
// A clock that jumps makes no storm and no pause: forwards, what has become overdue
// at once begins one after the other; backwards, the whole schedule is set back with
// it. Times are those of the wall clock, so that the hours that a
// machine slept count too.
type Schedule struct {
	mu      sync.Mutex
	sources []*planned // by name
	asked   time.Time  // last
}

type planned struct {
	Source
	Pass
	next   time.Time // no pass before; zero: never by itself
	closed bool      // Until has come, and the caller knows
}

// Set takes the sources as they are configured now; passes tells the last pass of
// those that the schedule has not seen. Sources that are due at once begin one
// after the other, in the order of their names.
func (s *Schedule) Set(sources []Source, passes map[string]Pass, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.follow(now.Round(0))
	old := map[string]*planned{}
	for _, p := range s.sources {
		old[p.Name] = p
	}
	s.sources = s.sources[:0:0]
	var due []*planned
	for _, src := range sources {
		p := &planned{Source: src, Pass: passes[src.Name]}
		if o := old[src.Name]; o != nil {
			p.Pass, p.closed = o.Pass, o.closed && o.Until.Equal(src.Until)
		}
		p.plan()
		// One that waits for its turn keeps it.
		if o := old[src.Name]; o != nil && o.Cadence == src.Cadence && o.next.After(p.next) {
			p.next = o.next
		}
		s.sources = append(s.sources, p)
	}
	s.setBack(now)
	for _, p := range s.sources {
		if p.Cadence > 0 && !p.running() && !p.next.After(now) {
			due = append(due, p)
		}
	}
	byName := func(a, b *planned) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(s.sources, byName)
	slices.SortFunc(due, byName)
	spreadOut(due, now)
}

// follow sets the schedule back with a clock that was set back since it was asked.
func (s *Schedule) follow(now time.Time) time.Time {
	if by := s.asked.Sub(now); by > 0 {
		s.shift(by)
	}
	s.asked = now
	return now
}

// setBack does so where the clock was set back while nothing ran: the newest of the
// known passes is not of the future.
func (s *Schedule) setBack(now time.Time) {
	newest := now
	for _, p := range s.sources {
		for _, at := range []time.Time{p.Began, p.Ended} {
			if at.After(newest) {
				newest = at
			}
		}
	}
	s.shift(newest.Sub(now))
}

func (s *Schedule) shift(by time.Duration) {
	for _, p := range s.sources {
		for _, at := range []*time.Time{&p.Began, &p.Ended, &p.next} {
			if !at.IsZero() {
				*at = at.Add(-by)
			}
		}
	}
}

// spreadOut has sources that are due begin one after the other, from now on.
func spreadOut(due []*planned, now time.Time) {
	for i, p := range due {
		p.next = now.Add(time.Duration(i) * min(spread, p.Cadence/time.Duration(len(due))))
	}
}

func (p *planned) running() bool { return !p.Began.IsZero() && p.Ended.IsZero() }

// plan sets when the next pass may begin, whatever the time is.
func (p *planned) plan() {
	switch {
	case p.Cadence <= 0:
		p.next = time.Time{}
	case p.Began.IsZero():
		p.next = time.Time{}.Add(1) // long due
	default:
		p.next = p.Began.Add(p.wait())
	}
}

// wait is the time between the starts of the last pass and the next one: a source
// that was not reached is asked again after an eighth of its cadence, then after a
// quarter, a half, and then at its cadence until it is back.
func (p *planned) wait() time.Duration {
	if p.Down < 1 || p.Down > 3 {
		return p.Cadence
	}
	return min(max(p.Cadence>>(4-p.Down), firstRetry), p.Cadence)
}

// Due takes the sources whose pass begins now, and when to ask again; the zero
// time where nothing is ever due. A source that is taken is under way until Ended.
// closed names those whose Until has come since the last call.
func (s *Schedule) Due(now time.Time) (begin, closed []string, again time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.follow(now.Round(0))
	ask := func(t time.Time) {
		if again.IsZero() || t.Before(again) {
			again = t
		}
	}
	var overdue []*planned
	for _, p := range s.sources {
		if !p.Until.IsZero() && !now.Before(p.Until) {
			if !p.closed {
				p.closed = true
				closed = append(closed, p.Name)
			}
			continue
		}
		if p.closed = false; !p.Until.IsZero() {
			ask(p.Until)
		}
		if p.Cadence <= 0 || p.running() {
			continue
		}
		if now.Sub(p.next) > late && p.Ended.Before(p.next) { // not because its last pass took long
			overdue = append(overdue, p)
		}
	}
	if len(overdue) > 1 {
		spreadOut(overdue, now)
	}
	for _, p := range s.sources {
		if p.Cadence <= 0 || p.running() || p.closed {
			continue
		}
		if p.next.After(now) {
			ask(p.next)
			continue
		}
		p.Began, p.Ended = now, time.Time{}
		begin = append(begin, p.Name)
	}
	return begin, closed, again
}

// Ended notes that the pass of a source is over, and how it went at the seed; an
// empty outcome is not known.
func (s *Schedule) Ended(source string, began, ended time.Time, outcome tamga.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.sources {
		if p.Name != source {
			continue
		}
		p.Ended = ended.Round(0)
		if began = began.Round(0); !began.IsZero() && !began.After(p.Ended) { // else the clock was set back in mid-pass
			p.Began = began
		}
		if outcome != "" && !Reached(outcome) && outcome != tamga.OutcomePolicy {
			p.Down++
		} else {
			p.Down = 0
		}
		p.plan()
		return
	}
}

// Next tells when the next pass of a source begins; zero where none is planned or
// one is under way.
func (s *Schedule) Next(source string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.sources {
		if p.Name == source && !p.running() && p.Cadence > 0 && (p.Until.IsZero() || p.next.Before(p.Until)) {
			return p.next
		}
	}
	return time.Time{}
}
