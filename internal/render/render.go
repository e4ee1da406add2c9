package render

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"tamga/internal/chromium"
)

// ErrRefused is what Page.Dial wraps where the policy refuses a connection.
var ErrRefused = errors.New("refused by policy")

// Defaults of a Browser.
const (
	DefaultTimeout = 90 * time.Second // of a page, the start of the browser included
	DefaultMemory  = 1 << 30          // bytes
	settle         = 500 * time.Millisecond
	maxHeight      = 12_000 // of a screenshot, in pixels
	width          = 1280
)

// Browser draws pages, one at a time, each in a Chromium of its own with a fresh
// profile: pages learn nothing of one another.
type Browser struct {
	Exec      string        // of Chromium; empty: looked for in PATH
	Timeout   time.Duration // 0: DefaultTimeout
	Memory    int64         // bytes of the browser and its children; 0: DefaultMemory
	NoSandbox bool          // Chromium's own sandbox is left out, where the system cannot make it
	MaxDOM    int64         // bytes; 0: 8 MiB

	once sync.Once
	busy chan struct{} // holds the page that is being drawn

	// For tests: a refusal before the namespace is made; looks at the browser when it has
	// started and before it ends; and a browser with none of the fences but the namespace.
	refuse  func() error
	started func(pid int)
	inspect func(pid int)
	bare    bool
}

// Cookie and Item are what the browser is logged in with.
type (
	// Cookie is sent to the host of the page alone, or below Domain.
	Cookie struct {
		Name, Value, Domain, Path string
		Secure, HTTPOnly          bool
	}
	// Item is one of local storage.
	Item struct{ Origin, Name, Value string }
)

// Page is what is to be drawn.
type Page struct {
	URL string
	// Status, Header and Body are those of the capture: the browser is given them
	// instead of asking for the page a second time. Body is without content coding.
	Status int
	Header http.Header
	Body   []byte

	Scripts   bool // they run
	Images    bool // pictures, sound and video are loaded
	UserAgent string
	Cookies   []Cookie
	Storage   []Item

	// Allow says whether a request may be made; Dial makes its connection. Both ask
	// the policy: a request that gets past the first does not get past the second.
	Allow func(method, url string) error
	Dial  func(ctx context.Context, host, port string) (net.Conn, error)
}

// Drawn is a page as the browser had it.
type Drawn struct {
	DOM        []byte // HTML, UTF-8
	Cut        bool   // DOM is longer than MaxDOM
	Screenshot []byte // PNG; empty: none could be made
	Refused    int    // requests and connections that were not allowed
}

// Draw draws a page. Where the error is ErrNamespace or ErrBrowser, no other page can
// be drawn either.
func (b *Browser) Draw(ctx context.Context, p Page) (d Drawn, err error) {
	path, err := chromium.Find(b.Exec)
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrBrowser, err)
	}
	b.once.Do(func() { b.busy = make(chan struct{}, 1) })
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	case <-ctx.Done():
		return d, ctx.Err()
	}
	if b.refuse != nil {
		if err := b.refuse(); err != nil {
			return d, err
		}
	}
	limit := b.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	profile, err := profileDir()
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrNamespace, err)
	}
	g, err := newGate()
	if err != nil {
		return d, err
	}
	defer g.close()

	var started atomic.Pointer[exec.Cmd]
	alloc, ended := chromedp.NewExecAllocator(ctx, b.options(p, path, profile, func(cmd *exec.Cmd) {
		g.child(cmd, profile)
		started.Store(cmd)
	})...)
	defer ended()
	tab, closeTab := chromedp.NewContext(alloc, chromedp.WithLogf(unsaid), chromedp.WithErrorf(unsaid))
	defer closeTab()
	pid := 0
	defer func() { end(pid) }() // before the allocator waits for it
	_, err = chromedp.Run(tab, func(ctx context.Context, _ *chromedp.Target) (browser.GetVersionResult, error) {
		return chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	})
	g.sent()
	if err == nil {
		if pid = started.Load().Process.Pid; b.started != nil {
			b.started(pid)
		}
	}
	way, gateErr := g.listener(5 * time.Second)
	if gateErr != nil {
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		if err != nil {
			gateErr = fmt.Errorf("%w (%w)", gateErr, err)
		}
		return d, gateErr
	}
	if err != nil {
		way.Close()
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		return d, fmt.Errorf("%w: %w", ErrBrowser, err)
	}
	served, stop := context.WithCancel(ctx)
	door := newDoor(p)
	r := newRelay(served, door.dial)
	var serving sync.WaitGroup
	serving.Go(func() { r.serve(way) })
	defer func() { stop(); way.Close(); serving.Wait() }()

	drawing, abandon := context.WithCancelCause(tab)
	defer abandon(nil)
	go b.guard(drawing, pid, abandon)
	d, err = b.draw(drawing, p, door)
	d.Refused += int(r.refused.Load() + door.refused.Load())
	if b.inspect != nil {
		b.inspect(pid)
	}
	if err != nil {
		if cause := context.Cause(drawing); errors.Is(cause, ErrMemory) {
			err = cause
		} else if ctx.Err() != nil {
			err = ctx.Err()
		}
		return d, err
	}
	return d, nil
}

// unsaid: what chromedp would print comes back as an error too, where it matters.
func unsaid(string, ...any) {}

// guard ends a page that takes too much memory.
func (b *Browser) guard(ctx context.Context, pid int, abandon context.CancelCauseFunc) {
	limit := b.Memory
	if limit <= 0 {
		limit = DefaultMemory
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if held(pid) > limit {
			abandon(ErrMemory)
			end(pid)
			return
		}
	}
}

// options of the browser. Its environment is its own: nothing of the analyst's is in it.
func (b *Browser) options(p Page, path, profile string, modify func(*exec.Cmd)) []chromedp.ExecAllocatorOption {
	flag := chromedp.Flag
	f := append(chromium.Quiet(), chromium.Proxied(gateAddress, "127.0.0.1")...)
	if b.bare {
		f = []chromedp.ExecAllocatorOption{chromedp.NoFirstRun, chromedp.ProxyServer("socks5://" + gateAddress)}
	}
	f = append(f,
		chromedp.Headless, chromedp.DisableGPU, chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.WindowSize(width, 900),
		chromedp.NoInheritEnv,
		chromedp.Env("PATH="+os.Getenv("PATH"), "HOME="+profile, "TMPDIR="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile,
			"XDG_RUNTIME_DIR="+profile, "LANG=C.UTF-8", "TZ=UTC", "DBUS_SESSION_BUS_ADDRESS=disabled:", "DBUS_SYSTEM_BUS_ADDRESS=disabled:"),
		flag("disable-notifications", true), flag("disable-hang-monitor", true), flag("disable-prompt-on-repost", true), flag("metrics-recording-only", true),
		flag("disable-speech-api", true), flag("disable-remote-fonts", !p.Images), flag("deny-permission-prompts", true), flag("block-new-web-contents", true),
		flag("disable-databases", true), flag("disable-file-system", true), flag("js-flags", "--max-old-space-size=512"), flag("disk-cache-size", "33554432"),
		flag("no-sandbox", b.NoSandbox), // false is said too: chromedp leaves the sandbox out for the superuser
		chromedp.ModifyCmdFunc(modify),
	)
	if p.UserAgent != "" {
		f = append(f, chromedp.UserAgent(p.UserAgent))
	}
	return f
}
