package watch

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"tamga"
	"tamga/internal/database"
)

// fakeLog is a log of captures; a nil URL is an entry of another kind.
type fakeLog []tamga.Capture

func (l fakeLog) Len() int64 { return int64(len(l)) }

func (l fakeLog) Captures(_ context.Context, from int64) iter.Seq2[tamga.Capture, error] {
	return func(yield func(tamga.Capture, error) bool) {
		for i := from; i < int64(len(l)); i++ {
			if l[i].URL != "" && !yield(l[i], nil) {
				return
			}
		}
	}
}

func (l *fakeLog) add(minute int, source, url, via string, o tamga.Outcome) {
	*l = append(*l, tamga.Capture{Seq: int64(len(*l)), Source: source, URL: url, Via: via, Outcome: o, Requested: noon.Add(time.Duration(minute) * time.Minute), Route: tamga.RouteTor})
}

func openSeries(t *testing.T) *Series {
	t.Helper()
	db, err := database.Open(filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := OpenSeries(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func history() fakeLog {
	var l fakeLog
	l.add(0, "a", "http://a/", "", tamga.OutcomeRedirect)
	l.add(1, "b", "http://b/", "", tamga.OutcomeRefused)
	l.add(2, "a", "http://a/in", "http://a/", tamga.OutcomeRedirect)
	l = append(l, tamga.Capture{Seq: int64(len(l))}) // a claim
	l.add(3, "a", "http://a/login", "http://a/in", tamga.OutcomeLogin)
	l.add(4, "a", "http://a/page", "http://a/login", tamga.OutcomeOK) // a link, not a hop
	l.add(60, "a", "http://a/", "", tamga.OutcomeOK)
	l.add(61, "a", "http://a/page", "http://a/", tamga.OutcomeHTTPError)
	l.add(62, "b", "http://b/", "", tamga.OutcomeQueue)
	l.add(62, "b", "http://b/news", "http://b/", tamga.OutcomeOK) // a link of the queue
	l.add(62, "c", "http://c/", "", tamga.OutcomeUnreachable)
	l.add(62, "c", "http://c2/", "http://c/", tamga.OutcomeQueue) // its mirrors
	l.add(62, "c", "http://c3/", "http://c2/", tamga.OutcomeOK)
	l.add(62, "c", "http://c3/page", "http://c3/", tamga.OutcomeReset)
	l.add(63, "b", "http://b/", "", tamga.OutcomeCancelled)
	return l
}

func outcomes(t *testing.T, s *Series) map[string][]tamga.Outcome {
	t.Helper()
	points, err := s.Points(t.Context(), []string{"a", "b", "c"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]tamga.Outcome{}
	for name, list := range points {
		for _, p := range list {
			out[name] = append(out[name], p.Outcome)
		}
	}
	return out
}

// TestSeries: a projection, the same whether it is made at once or bit by bit,
// once or twice.
func TestSeries(t *testing.T) {
	log := history()
	want := map[string][]tamga.Outcome{"a": {tamga.OutcomeLogin, tamga.OutcomeOK}, "b": {tamga.OutcomeRefused, tamga.OutcomeQueue}, "c": {tamga.OutcomeOK}}
	whole, bits := openSeries(t), openSeries(t)
	if err := whole.Update(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	for i := range log {
		for range 2 {
			if err := bits.Update(t.Context(), log[:i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []*Series{whole, bits} {
		if got := outcomes(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("series %v, want %v", got, want)
		}
	}
}

// TestSeriesLongLog crosses the bounds of its transactions.
func TestSeriesLongLog(t *testing.T) {
	var log fakeLog
	for i := range seriesBatch*2 + 10 {
		log.add(i, "a", "http://a/", "", tamga.OutcomeOK)
	}
	s := openSeries(t)
	if err := s.Update(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	if n := len(outcomes(t, s)["a"]); n != len(log) {
		t.Errorf("%d points of %d", n, len(log))
	}
}

// TestSeriesShrunk: what the log has lost is not in the series.
func TestSeriesShrunk(t *testing.T) {
	log := history()
	s := openSeries(t)
	if err := s.Update(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	log = log[:6]
	log.add(90, "a", "http://a/", "", tamga.OutcomeReset)
	if err := s.Update(t.Context(), log[:6]); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	want := map[string][]tamga.Outcome{"a": {tamga.OutcomeLogin, tamga.OutcomeReset}, "b": {tamga.OutcomeRefused}}
	if got := outcomes(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("series %v, want %v", got, want)
	}
}

func TestCount(t *testing.T) {
	var points []Point
	for i, o := range []tamga.Outcome{tamga.OutcomeOK, tamga.OutcomeCaptcha, tamga.OutcomeHTTPError, tamga.OutcomeDial} {
		points = append(points, Point{At: noon.Add(time.Duration(i) * time.Hour), Outcome: o})
	}
	u := Count(points, noon)
	if u.Checks != 4 || u.Reached != 0.5 || u.Read != 0.25 || len(u.Outcomes) != 4 {
		t.Errorf("%+v", u)
	}
	if u := Count(points, noon.Add(90*time.Minute)); u.Checks != 2 || u.Reached != 0 {
		t.Errorf("%+v", u)
	}
	if u := Count(points, noon.Add(24*time.Hour)); u != nil {
		t.Errorf("%+v", u)
	}
	if n := Down(points); n != 2 {
		t.Errorf("down %d times", n)
	}
}

// TestEveryOutcomeCounts: each outcome of the vocabulary that an exchange can end
// with is reached or not, and none is down.
func TestEveryOutcomeCounts(t *testing.T) {
	reached := fmt.Sprint(Reached(tamga.OutcomeDDoS), Reached(tamga.OutcomeUnreachable), Reached(""), Read(tamga.OutcomeTruncated), Read(tamga.OutcomeLogin))
	if reached != "true false false true false" {
		t.Error(reached)
	}
}

// A redirect that is not followed is an answer; a fetch that is refused is none.
func TestSeriesRefused(t *testing.T) {
	s := openSeries(t)
	var l fakeLog
	l.add(0, "a", "http://a/", "", tamga.OutcomePolicy)
	l[0].Status = 302
	l.add(1, "b", "http://b/", "", tamga.OutcomePolicy)
	if err := s.Update(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	points, err := s.Points(t.Context(), []string{"a", "b"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := points["a"][0].Outcome, points["b"][0].Outcome; a != tamga.OutcomeRedirect || b != tamga.OutcomePolicy {
		t.Errorf("answered %s, refused %s", a, b)
	}
}
