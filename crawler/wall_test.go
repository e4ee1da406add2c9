package crawler

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"tamga"
)

// What the marks do not know is asked of Kind; what says much, or asks for nothing, is
// not asked about.
func TestKindIsAsked(t *testing.T) {
	long := strings.Repeat("An invented page with a lot to read. ", 80)
	s := serve(t, routes{
		"/":        text("<a href=/strange>1</a><a href=/known>2</a><a href=/plain>3</a><a href=/long>4</a><a href=/offer>5</a><a href=/refused>6</a>"),
		"/strange": text("<form>Which hand is on the seven? <input name=h></form>"),
		"/known":   text("<form>captcha <input name=h></form>"),
		"/plain":   text("An invented page"),
		"/long":    text(long + "<form><input name=q></form>"),
		"/offer":   text("<form><input name=q></form>100 invented things"),
		"/refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
		},
	})
	l := newLab(t)
	var mu sync.Mutex
	asked := map[string]bool{}
	l.opts.Kind = func(url, page string) tamga.PageKind {
		mu.Lock()
		defer mu.Unlock()
		path := strings.TrimPrefix(url, s.URL)
		asked[path] = true
		return map[string]tamga.PageKind{"/strange": tamga.PageCaptcha, "/offer": tamga.PageListing, "/refused": tamga.PageLogin}[path]
	}
	l.run(t, s.URL)
	for path, want := range map[string]tamga.Outcome{"/strange": tamga.OutcomeCaptcha, "/known": tamga.OutcomeCaptcha, "/plain": tamga.OutcomeOK,
		"/long": tamga.OutcomeOK, "/offer": tamga.OutcomeOK, "/refused": tamga.OutcomeLogin} {
		ex := l.sink.find(t, s.URL+path)
		if ex.Outcome != want || asked[path] != (path == "/strange" || path == "/offer" || path == "/refused") {
			t.Errorf("%s: %s (%s), want %s; asked: %v", path, ex.Outcome, ex.Detail, want, asked[path])
		}
	}
}
