package render

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLimits: what a page may take is bounded in every respect, and it is taken as it
// stands where that can be.
func TestLimits(t *testing.T) {
	able(t)
	scripted := func(t *testing.T, a *asked, body string) Page {
		p := demo(t, a, body)
		p.Scripts = true
		return p
	}
	t.Run("never settles", func(t *testing.T) {
		t.Parallel()
		var a asked
		p := scripted(t, &a, `<p>shown</p><div id=x style="display:none"></div><script>
let n = 0
setInterval(() => { for (let i = 0; i < 5; i++) fetch("/poll?" + n++).catch(() => {}) }, 100)
document.getElementById("x").textContent = "\u{1F33F}".repeat(1 << 20)
</script>`)
		d, err := (&Browser{MaxDOM: 1<<20 + 1}).Draw(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(d.DOM, []byte("<p>shown</p>")) || !d.Cut || len(d.DOM) > 1<<20+1 || len(d.DOM) < 1<<20-8 {
			t.Errorf("document of %d bytes, cut %v", len(d.DOM), d.Cut)
		}
		if !bytes.HasSuffix(d.DOM, []byte("\U0001F33F")) {
			t.Errorf("cut inside a character: %q", d.DOM[len(d.DOM)-8:])
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		polls := 0
		for _, x := range a.all {
			if strings.HasPrefix(x, "GET /poll") {
				polls++
			}
		}
		if polls == 0 || polls > maxRequests {
			t.Errorf("%d requests", polls)
		}
	})
	t.Run("never loads", func(t *testing.T) {
		t.Parallel()
		var a asked
		d, err := (&Browser{Timeout: 16 * time.Second}).Draw(t.Context(), scripted(t, &a, `<p>shown</p><script src="/hang" async></script>`))
		if err != nil || !bytes.Contains(d.DOM, []byte("<p>shown</p>")) || !a.has("GET /hang") {
			t.Errorf("%s: %v", d.DOM, err)
		}
	})
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		var a asked
		if _, err := (&Browser{Timeout: 6 * time.Second}).Draw(t.Context(), scripted(t, &a, `<p>endless</p><script>for (;;) {}</script>`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		var a asked
		p := scripted(t, &a, `<script>const all = []; setInterval(() => all.push(new Uint8Array(32 << 20).fill(7)), 20)</script><script src="/hang"></script>`)
		if _, err := (&Browser{Memory: 600 << 20}).Draw(t.Context(), p); !errors.Is(err, ErrMemory) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("leaves", func(t *testing.T) {
		t.Parallel()
		var a asked
		p := scripted(t, &a, `<p>shown</p><script>location.href = "about:blank"</script>`)
		if d, err := new(Browser).Draw(t.Context(), p); err == nil && !bytes.Contains(d.DOM, []byte("shown")) {
			t.Errorf("another document was taken for the page: %s", d.DOM)
		}
	})
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		var a asked
		b := &Browser{started: func(pid int) {
			below := family(pid)
			_ = syscall.Kill(below[1], syscall.SIGKILL) // the browser itself, below the first process
		}}
		began := time.Now()
		if _, err := b.Draw(t.Context(), scripted(t, &a, "<p>shown</p>")); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		var a asked
		ctx, cancel := context.WithCancel(t.Context())
		b := &Browser{started: func(int) { cancel() }}
		if _, err := b.Draw(ctx, scripted(t, &a, "<p>shown</p>")); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}
