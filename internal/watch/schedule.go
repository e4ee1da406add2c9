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

// firstRetry is the shortest time after which a source that was not reached is
// tried again before its time.
const firstRetry = time.Minute

// Schedule says when the next pass of each source begins: its cadence after the
// start of the last one, but not before that one has ended. What was missed while
// nothing ran is not made up: a source that is overdue has one pass, and the
// cadence counts from there. It may be used by several goroutines.
type Schedule struct {
	mu      sync.Mutex
	sources []*planned // by name
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
		if src.Cadence > 0 && !p.running() && !p.next.After(now) {
			due = append(due, p)
		}
		s.sources = append(s.sources, p)
	}
	byName := func(a, b *planned) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(s.sources, byName)
	slices.SortFunc(due, byName)
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
	ask := func(t time.Time) {
		if again.IsZero() || t.Before(again) {
			again = t
		}
	}
	for _, p := range s.sources {
		if !p.Until.IsZero() && !now.Before(p.Until) {
			if !p.closed {
				p.closed = true
				closed = append(closed, p.Name)
			}
			continue
		}
		if !p.Until.IsZero() {
			ask(p.Until)
		}
		if p.Cadence <= 0 || p.running() {
			continue
		}
		if p.Began.After(now) { // the clock was set back: the cadence counts from now
			p.Began = now
			p.plan()
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
		p.Ended = ended
		if !began.IsZero() {
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
