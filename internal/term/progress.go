// Package term shows progress to a person. On a terminal it draws bars; off one
// it logs a line every ten seconds. It writes to standard error only: standard
// output belongs to the result.
package term

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// Every is the time between two progress lines off a terminal.
const Every = 10 * time.Second

// IsTerminal tells whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Progress is a set of bars, or of log lines. The zero value shows nothing.
type Progress struct {
	bars *mpb.Progress // on a terminal
	log  *slog.Logger  // off one
	now  func() time.Time
}

// NewProgress draws on w if it is a terminal, else logs to log.
func NewProgress(w io.Writer, log *slog.Logger) *Progress {
	if IsTerminal(w) {
		return &Progress{bars: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(120*time.Millisecond)), now: time.Now}
	}
	return &Progress{log: log, now: time.Now}
}

// Wait ends the drawing; every bar must be done.
func (p *Progress) Wait() {
	if p.bars != nil {
		p.bars.Wait()
	}
}

// Bar counts something of a total that may grow, or may never be known (0). Its
// methods may be called from any goroutine.
type Bar struct {
	name  string
	unit  string
	bar   *mpb.Bar
	log   *slog.Logger
	now   func() time.Time
	start time.Time
	next  atomic.Int64 // unix nanoseconds of the next line
	note  atomic.Value
	once  sync.Once
	count atomic.Int64
}

// Bar starts one. unit is the plural noun of what is counted.
func (p *Progress) Bar(name, unit string, total int64) *Bar {
	b := &Bar{name: name, unit: unit, log: p.log, now: p.now}
	b.note.Store("")
	if p.now != nil {
		b.start = p.now()
		b.next.Store(b.start.Add(Every).UnixNano())
	}
	if p.bars != nil {
		b.bar = p.bars.New(total, mpb.BarStyle().Rbound("▏").Lbound("▕").Filler("█").Tip("█").Padding(" "),
			mpb.PrependDecorators(decor.Name(name, decor.WC{W: 10, C: decor.DindentRight})),
			mpb.AppendDecorators(
				decor.CountersNoUnit("%d/%d "+unit),
				decor.Any(func(decor.Statistics) string {
					if n := b.note.Load().(string); n != "" {
						return "  " + n
					}
					return ""
				})))
	}
	return b
}

// Set says how far it is.
func (b *Bar) Set(done, total int64) {
	b.count.Store(done)
	if b.bar != nil {
		b.bar.SetTotal(total, false)
		b.bar.SetCurrent(done)
		return
	}
	if b.log == nil {
		return
	}
	now, next := b.now(), b.next.Load()
	if now.UnixNano() < next || !b.next.CompareAndSwap(next, now.Add(Every).UnixNano()) {
		return
	}
	rate := float64(done) / max(now.Sub(b.start).Seconds(), 1e-9)
	args := []any{"done", done, "rate", fmt.Sprintf("%.1f %s/s", rate, b.unit)}
	if total > 0 {
		args = append(args, "total", total)
		if rate > 0 && total > done {
			args = append(args, "eta", (time.Duration(float64(total-done)/rate) * time.Second).String())
		}
	}
	b.log.Info(b.name, args...)
}

// Note shows a short text beside the bar.
func (b *Bar) Note(s string) { b.note.Store(s) }

// Done ends the bar, complete.
func (b *Bar) Done() {
	b.once.Do(func() {
		if b.bar != nil {
			b.bar.SetTotal(b.count.Load(), true)
		}
	})
}
