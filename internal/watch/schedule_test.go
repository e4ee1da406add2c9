package watch

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"tamga"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestScheduleSpreads: sources that are due at once begin one after the other, in
// an order that does not depend on that of the settings.
func TestScheduleSpreads(t *testing.T) {
	var s Schedule
	s.Set([]Source{{Name: "c", Cadence: time.Hour}, {Name: "a", Cadence: time.Hour}, {Name: "b", Cadence: time.Hour}, {Name: "never"}}, nil, noon)
	now := noon
	for i, want := range []string{"a", "b", "c"} {
		begin, _, again := s.Due(now)
		if !reflect.DeepEqual(begin, []string{want}) || i < 2 && !again.Equal(now.Add(spread)) || i == 2 && !again.IsZero() {
			t.Fatalf("at %v: begin %v, again %v", now.Sub(noon), begin, again)
		}
		now = again
	}
	// With a short cadence, a whole one is enough for all.
	var many Schedule
	var sources []Source
	for i := range 50 {
		sources = append(sources, Source{Name: fmt.Sprintf("s%02d", i), Cadence: time.Minute})
	}
	many.Set(sources, nil, noon)
	if last := many.Next("s49"); !last.Before(noon.Add(time.Minute)) || last.Equal(noon) {
		t.Errorf("the last of 50 begins %v after the start", last.Sub(noon))
	}
}

// TestScheduleKeepsCadence: from start to start, never while a pass runs, and
// what was missed is not made up.
func TestScheduleKeepsCadence(t *testing.T) {
	var s Schedule
	src := []Source{{Name: "a", Cadence: time.Hour}}
	s.Set(src, map[string]Pass{"a": {Began: noon.Add(-10 * time.Hour), Ended: noon.Add(-9 * time.Hour)}}, noon)
	if begin, _, _ := s.Due(noon); len(begin) != 1 {
		t.Fatal("an overdue source does not begin")
	}
	if begin, _, again := s.Due(noon.Add(2 * time.Hour)); len(begin) != 0 || !again.IsZero() {
		t.Errorf("%v begins while its pass runs; again %v", begin, again)
	}
	s.Ended("a", noon, noon.Add(150*time.Minute), tamga.OutcomeOK)
	begin, _, _ := s.Due(noon.Add(150 * time.Minute))
	if len(begin) != 1 {
		t.Error("a source that is overdue when its pass ends does not begin")
	}
	s.Ended("a", noon.Add(150*time.Minute), noon.Add(151*time.Minute), tamga.OutcomeOK)
	if next := s.Next("a"); !next.Equal(noon.Add(210 * time.Minute)) {
		t.Errorf("next at %v: missed passes are made up", next.Sub(noon))
	}
	// A restart keeps the schedule.
	var again Schedule
	again.Set(src, map[string]Pass{"a": {Began: noon, Ended: noon.Add(time.Minute)}}, noon.Add(30*time.Minute))
	if next := again.Next("a"); !next.Equal(noon.Add(time.Hour)) {
		t.Errorf("after a restart, next at %v", next.Sub(noon))
	}
}

// TestScheduleInterrupted: a pass that was under way when the last process died
// is not begun again.
func TestScheduleInterrupted(t *testing.T) {
	var s Schedule
	s.Set([]Source{{Name: "a", Cadence: time.Minute}}, map[string]Pass{"a": {Began: noon.Add(-time.Hour)}}, noon)
	if begin, _, _ := s.Due(noon); len(begin) != 0 {
		t.Fatal("begins beside the interrupted pass")
	}
	s.Ended("a", noon.Add(-time.Hour), noon, "")
	if begin, _, _ := s.Due(noon); len(begin) != 1 {
		t.Error("does not begin after it")
	}
}

// TestScheduleDown: earlier, later, and then at its cadence until it is back.
func TestScheduleDown(t *testing.T) {
	var s Schedule
	s.Set([]Source{{Name: "a", Cadence: 8 * time.Hour}, {Name: "b", Cadence: 2 * time.Minute}}, nil, noon)
	at := noon
	for _, want := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour} {
		s.Ended("a", at, at.Add(time.Minute), tamga.OutcomeSOCKS)
		if got := s.Next("a").Sub(at); got != want {
			t.Errorf("tried again after %v, want %v", got, want)
		}
		at = s.Next("a")
	}
	for _, o := range []tamga.Outcome{tamga.OutcomeOK, tamga.OutcomeCaptcha, tamga.OutcomeQueue, tamga.OutcomePolicy, ""} {
		s.Ended("a", noon, noon, tamga.OutcomeRefused)
		s.Ended("a", noon, noon, o)
		if got := s.Next("a").Sub(noon); got != 8*time.Hour {
			t.Errorf("after %q: %v", o, got)
		}
	}
	s.Ended("b", noon, noon, tamga.OutcomeRefused)
	if got := s.Next("b").Sub(noon); got != firstRetry {
		t.Errorf("a short cadence is tried again after %v", got)
	}
}

// TestScheduleBasis: no pass begins once the basis has ended; that is told once,
// and again never, unless it is renewed.
func TestScheduleBasis(t *testing.T) {
	var s Schedule
	end := noon.Add(90 * time.Minute)
	src := []Source{{Name: "a", Cadence: time.Hour, Until: end}}
	s.Set(src, nil, noon)
	s.Due(noon)
	if _, _, again := s.Due(noon); !again.Equal(end) {
		t.Errorf("asks again at %v while a pass runs, want the end of the basis", again)
	}
	s.Ended("a", noon, noon, tamga.OutcomeOK)
	if begin, _, _ := s.Due(noon.Add(time.Hour)); len(begin) != 1 {
		t.Error("does not begin under its basis")
	}
	s.Ended("a", noon.Add(time.Hour), noon.Add(time.Hour), tamga.OutcomeOK)
	if !s.Next("a").IsZero() {
		t.Error("a pass is planned after the basis ends")
	}
	begin, closed, again := s.Due(end)
	if len(begin) != 0 || len(closed) != 1 || !again.IsZero() {
		t.Errorf("at the end: begin %v, closed %v, again %v", begin, closed, again)
	}
	s.Set(src, nil, end.Add(time.Hour))
	if begin, closed, _ := s.Due(end.Add(time.Hour)); len(begin)+len(closed) != 0 {
		t.Errorf("after a reload: begin %v, closed %v", begin, closed)
	}
	src[0].Until = end.Add(24 * time.Hour)
	s.Set(src, nil, end.Add(time.Hour))
	if begin, _, _ := s.Due(end.Add(time.Hour)); len(begin) != 1 {
		t.Error("does not begin under a renewed basis")
	}
}

// TestScheduleReload: what is not changed keeps its state.
func TestScheduleReload(t *testing.T) {
	var s Schedule
	s.Set([]Source{{Name: "a", Cadence: time.Hour}, {Name: "b", Cadence: time.Hour}, {Name: "c", Cadence: time.Hour}}, nil, noon)
	s.Due(noon) // a runs, b and c wait for their turn
	s.Set([]Source{{Name: "a", Cadence: 2 * time.Hour}, {Name: "c", Cadence: time.Hour}, {Name: "d", Cadence: time.Hour}}, nil, noon.Add(time.Second))
	if got := s.Next("c"); !got.Equal(noon.Add(2 * spread)) {
		t.Errorf("c lost its turn: %v", got.Sub(noon))
	}
	if begin, _, _ := s.Due(noon.Add(time.Second)); !reflect.DeepEqual(begin, []string{"d"}) {
		t.Errorf("begin %v, want the new one", begin)
	}
	s.Ended("b", noon, noon, tamga.OutcomeOK) // it is gone
	s.Ended("a", noon, noon.Add(time.Minute), tamga.OutcomeOK)
	if got := s.Next("a"); !got.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("a keeps its old cadence: %v", got.Sub(noon))
	}
}

// TestScheduleClockSetBack: a source does not wait until the clock is again where
// it was, and a jump forward costs one pass.
func TestScheduleClockSetBack(t *testing.T) {
	var s Schedule
	s.Set([]Source{{Name: "a", Cadence: time.Hour}}, nil, noon)
	s.Due(noon)
	s.Ended("a", noon, noon.Add(time.Minute), tamga.OutcomeOK)
	back := noon.Add(-24 * time.Hour)
	if begin, _, again := s.Due(back); len(begin) != 0 || !again.Equal(back.Add(time.Hour)) {
		t.Errorf("set back a day: begin %v, again after %v", begin, again.Sub(back))
	}
	forward := noon.Add(100 * time.Hour)
	if begin, _, _ := s.Due(forward); len(begin) != 1 {
		t.Error("does not begin after a jump forward")
	}
	s.Ended("a", forward, forward, tamga.OutcomeOK)
	if begin, _, again := s.Due(forward); len(begin) != 0 || !again.Equal(forward.Add(time.Hour)) {
		t.Errorf("begin %v, again after %v", begin, again.Sub(forward))
	}
}
