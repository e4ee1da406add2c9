//go:build unix

package extract

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Work grows linearly with a page: one of four times the size takes at most six
// times the memory and, of three tries, once less than nine times the processor
// time of this process, where quadratic work takes sixteen.
func TestGenericLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("reads pages of 10⁵ offers")
	}
	r := newReader(t)
	for name, page := range map[string]func(n int) string{
		"cards": func(n int) string {
			var b strings.Builder
			b.WriteString("<title>Stall</title><body>")
			for i := range n {
				fmt.Fprintf(&b, `<div class="card"><a href="/item/%d">%d g Kush</a><span class=price>$%d.50</span> by <a href="/vendor/v%d">v%d</a></div>`, i, i%90+1, i%700+1, i%97, i%97)
			}
			return b.String()
		},
		"rows": func(n int) string {
			var b strings.Builder
			b.WriteString("<table><tr><th>Item<th>Price<th>Vendor<th>Ships from</tr>")
			for i := range n {
				fmt.Fprintf(&b, `<tr><td><a href="/p/%d">%d g MDMA</a><td>0.0%d BTC<td>seller%d<td>Germany`, i, i%90+1, i%99+1, i%97)
			}
			return b.String()
		},
		"posts": func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `<div class="post"><a href="/user/%d" class=author>name%d</a> <span>2020-01-02 10:%02d</span><div class=body>it came in %d days, $5</div></div>`, i, i, i%60, i)
			}
			return b.String()
		},
		"nested": func(n int) string {
			return strings.Repeat(strings.Repeat("<div><b>", 200)+"5 g MDMA $5"+strings.Repeat("</b></div>", 200), n/200)
		},
		"comments": func(n int) string { // each in the one it answers, by the profile of a network
			const deep = 50
			var b strings.Builder
			b.WriteString(`<body class="comments-page">`)
			for i := range n {
				fmt.Fprintf(&b, `<div class="thing" data-fullname="t1_%d" data-author="a"><div class="entry"><p class="tagline"><a class="author" href="/user/a">a</a></p><div class="usertext-body"><div class="md">word %d</div></div></div><div class="child">`, i, i)
				if i%deep == deep-1 {
					b.WriteString(strings.Repeat("</div></div>", deep))
				}
			}
			return b.String()
		},
		"prices": func(n int) string { return "<p>" + strings.Repeat("$5 <b>2 g MDMA</b> ", n) },
	} {
		t.Run(name, func(t *testing.T) {
			const small = 2_500
			ratio := 0.0
			for range 3 {
				a, spent := costOf(t, r, page(small))
				b, more := costOf(t, r, page(4*small))
				if b > 6*a {
					t.Fatalf("%d bytes for %d, %d for %d", a, small, b, 4*small)
				}
				if ratio = float64(more) / float64(max(spent, time.Millisecond)); ratio < 9 {
					return
				}
			}
			t.Errorf("four times the page takes %.1f times the work", ratio)
		})
	}
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, `<div class="card"><a href="/item/%d">%d g Kush</a><b>$7.50</b></div>`, i, i)
	}
	p, err := r.Page(Input{Profile: NoProfile, Body: []byte(b.String())})
	if err != nil || len(p.Listings) < 100_000 {
		t.Errorf("%d offers of 10⁵, error %v", len(p.Listings), err)
	}
}

// costOf is how many bytes the reading of a page takes from the heap, and how
// much processor time.
func costOf(t *testing.T, r *Reader, body string) (bytes uint64, spent time.Duration) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	from := processorTime(t)
	if _, err := r.Page(Input{Profile: NoProfile, Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	spent = processorTime(t) - from
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, spent
}

func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano())
}
