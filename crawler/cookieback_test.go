package crawler

import (
	"net/http"
	"sync/atomic"
	"testing"

	"tamga"
)

// A site that sends a visitor away for a cookie and back: the page behind it is
// captured, whichever hop sets the cookie. Who takes no part in that goes in a circle.
func TestSentAwayForACookie(t *testing.T) {
	for _, setter := range []string{"/", "/check"} {
		var asked atomic.Int64
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.URL.Path == setter {
				http.SetCookie(w, &http.Cookie{Name: "demo", Value: "1", Path: "/"})
			}
			_, err := r.Cookie("demo")
			switch {
			case r.URL.Path == "/check":
				http.Redirect(w, r, "/", http.StatusFound)
			case r.URL.Path == "/" && err != nil:
				http.Redirect(w, r, "/check", http.StatusFound)
			default:
				text("<a href=/inside>in</a>")(w, r)
			}
		}))
		l := newLab(t)
		sum := l.run(t, s.URL)
		if ex := l.sink.find(t, s.URL+"/inside"); ex.Outcome != tamga.OutcomeOK || sum.Captured != 4 || sum.Failed != 0 {
			t.Errorf("cookie of %s: %s, %+v", setter, ex.Outcome, sum)
		}
		if n := asked.Load(); n != 4 {
			t.Errorf("cookie of %s: %d requests", setter, n)
		}
		// It is done: the next run fetches nothing, a replay of the log neither.
		l.opts.Frontier = openFrontier(t, openDB(t, t.TempDir()+"/again.db"))
		if sum := l.run(t, s.URL); sum.Captured != 0 || !sum.Empty || asked.Load() != 4 {
			t.Errorf("cookie of %s, after a replay: %+v, %d requests", setter, sum, asked.Load())
		}
	}
	var asked atomic.Int64
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.SetCookie(w, &http.Cookie{Name: "demo", Value: "1"})
		http.Redirect(w, r, map[string]string{"/": "/check", "/check": "/"}[r.URL.Path], http.StatusFound)
	}))
	l := newLab(t)
	if sum := l.run(t, s.URL); sum.Failed != 1 || !sum.Empty || asked.Load() > 4 {
		t.Errorf("never let in: %+v, %d requests", sum, asked.Load())
	}
}
