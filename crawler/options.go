package crawler

import (
	"context"
	"log/slog"
	"net"
	"time"

	"tamga"
)

// Sink is where exchanges go and where they can be read again: the archive. One
// that can also say Len() int64, the number after its last capture, lets a crawl
// notice that captures were lost behind its back.
type Sink interface {
	// Put seals an exchange. It must be safe for concurrent use, and what it
	// acknowledged must survive the end of the process.
	Put(context.Context, *tamga.Exchange) (tamga.Capture, error)
	// Replay calls fn for every capture with a number of at least from, in order.
	Replay(ctx context.Context, from int64, fn func(tamga.Capture, *tamga.Exchange) error) error
}

// Timeouts bound the phases of a fetch; each is measured on its own, so that a
// slow circuit is not mistaken for a dead service. Zero: the default of the
// route, which is longer through a proxy.
type Timeouts struct {
	Dial   time.Duration // TCP or SOCKS connection
	TLS    time.Duration // handshake
	Header time.Duration // from the request to the end of the response header
	Body   time.Duration // longest pause inside the body
	Total  time.Duration // whole fetch
}

// Defaults of Options.
const (
	DefaultBodyCap  = 8 << 20
	DefaultDelay    = time.Second
	DefaultWorkers  = 8
	DefaultParallel = 4
	DefaultAttempts = 4
	DefaultBackoff  = 15 * time.Second
	DefaultStall    = 5 * time.Minute
	MaxRedirects    = 20 // hops of one chain
)

// Options of a crawl. Sink and Frontier are required.
type Options struct {
	Sink     Sink
	Frontier *Frontier

	// Proxy is the host:port of a SOCKS5 server, Tor's for onions. Without one,
	// onions are refused and the clear web is too, unless Direct.
	Proxy string
	// WaitForProxy has a run wait for a proxy that is gone, as while Tor is updated,
	// instead of ending with a *ProxyError. Nothing is fetched meanwhile.
	WaitForProxy bool
	// I2P is the host:port of an I2P router's SOCKS5 server; empty refuses .i2p.
	I2P string
	// Direct reaches the clear web without the proxy, through DNS.
	Direct bool
	// Local allows loopback and private addresses, given as literals or as
	// localhost; only those are then reached directly.
	Local bool
	// CrossNetwork allows links and redirects from an onion to the clear web and
	// back; never to loopback or private addresses.
	CrossNetwork bool
	// Renderer draws the pages of sources with Render; nil: nothing does.
	Renderer Renderer
	// Blocklist names what is never fetched; nil: nothing.
	Blocklist *Blocklist

	Workers  int           // fetches at a time; default DefaultWorkers
	Parallel int           // fetches at a time from one host; default DefaultParallel
	Delay    time.Duration // between requests to one host; 0: none where Local, else DefaultDelay; below 0: none
	Rate     float64       // requests a second over all hosts; 0: no limit
	MaxPages int64         // exchanges with a response in this run; 0: no limit
	MaxDepth int           // links from a seed; 0: no limit
	MaxURL   int           // bytes of a URL; default 2048
	Scope    Scope         // which links are followed; default: the host of the page
	Refresh  bool          // fetch again what is done: one new pass from the seeds of Run

	BodyCap  int64 // bytes of a body kept, content coding included; default DefaultBodyCap
	Binary   bool  // keep bodies that are not text; by default only their heads are kept
	Timeouts Timeouts
	Attempts int           // fetches of a URL that fails, the first included; default DefaultAttempts
	Backoff  time.Duration // before the second attempt, doubled at each further one; default DefaultBackoff
	// Stall is how long after Timeouts.Total a fetch may still be under way before
	// its worker is taken for lost: reading and sealing come after the wire. Default
	// DefaultStall.
	Stall time.Duration

	// Kind, where set, is asked what a page is that may be a wall and that the marks of
	// this package do not know: a captcha, a queue, a login. It gets the decoded page,
	// and must be safe for concurrent use.
	Kind func(url, page string) tamga.PageKind

	UserAgent string // default: that of Tor Browser
	Source    Source // of the seeds of Run
	// Sources are those that URLs can belong to, by name. URLs of a source that is
	// not among them are crawled as Options says.
	Sources []Source
	// Only says that nothing is crawled but Sources: what the frontier holds of
	// others is parked.
	Only bool
	// Reload, where set, brings other Sources while a crawl runs: what a function
	// returns that is called between two steps of the crawl, before Schedule is asked
	// again. What is under way goes on as the new table says.
	Reload <-chan func() []Source
	// Begin names sources whose new pass begins when Run does, before Schedule is
	// asked; a pass that was interrupted goes on instead. A source of which the policy
	// refuses a seed ends the run before anything is fetched, unless Refused hears of
	// it, and there is more to do.
	Begin   []string
	Refused func(source string, err error)
	// Schedule, where set, is asked which sources begin a new pass now, and when to
	// ask again; the zero time: never. A run ends when nothing is left to fetch and
	// Schedule has nothing more to begin.
	Schedule func(now time.Time) (begin []string, again time.Time)
	// Passed, where set, hears of each pass that has ended; of one that Schedule began
	// and that may not be, with Number 0. It must not block.
	Passed   func(Pass)
	Operator string
	Tool     string // default: tamga/VERSION

	Now func() time.Time // default time.Now
	// Wait is the other half of the clock: it returns a channel that gets a value
	// when d has passed, and is called again for each wait. idle says that nothing is
	// being fetched, so that a simulated clock may go on to the end of d. Default: a
	// timer.
	Wait func(d time.Duration, idle bool) <-chan time.Time

	Logger   *slog.Logger  // default: discard
	Resolver *net.Resolver // for direct dials of clear-web names; default the system's
	Progress func(Stats)   // called from the crawling goroutine, at each commit; must not block
}

// Stats is the state of a running crawl.
type Stats struct {
	Summary
	Ready    int64 // URLs waiting in the frontier
	InFlight int
	Stalled  int    // workers given up
	URL      string // last one finished
}

// Summary is what a run did (docs/json.md).
type Summary struct {
	Captured int64   `json:"captured"` // exchanges sealed with a response
	Skipped  int64   `json:"skipped"`  // links not followed: scope, policy, depth or a trap guard
	Failed   int64   `json:"failed"`   // URLs given up
	Bytes    int64   `json:"bytes"`    // payload bytes sealed
	Seconds  float64 `json:"seconds"`
	Empty    bool    `json:"empty"` // the frontier holds nothing more to fetch
}

func (o *Options) defaults() {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.Workers, DefaultWorkers)
	def(&o.Parallel, DefaultParallel)
	def(&o.Attempts, DefaultAttempts)
	def(&o.MaxURL, 2048)
	switch {
	case o.Delay < 0 || o.Delay == 0 && o.Local:
		o.Delay = 0
	case o.Delay == 0:
		o.Delay = DefaultDelay
	}
	if o.BodyCap <= 0 {
		o.BodyCap = DefaultBodyCap
	}
	if o.Backoff <= 0 {
		o.Backoff = DefaultBackoff
	}
	if o.UserAgent == "" {
		o.UserAgent = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"
	}
	if o.Tool == "" {
		o.Tool = "tamga/" + tamga.Version
	}
	if o.Stall <= 0 {
		o.Stall = DefaultStall
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = realWait()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
}

// timeouts of a network, with the defaults filled in; direct: the clear web is
// reached without the proxy.
func (o *Options) timeouts(n network, direct bool) Timeouts {
	t, d := o.Timeouts, Timeouts{Dial: 20 * time.Second, TLS: 20 * time.Second, Header: 30 * time.Second, Body: 30 * time.Second, Total: 10 * time.Minute}
	if n == netOnion || n == netI2P || n == netClear && !direct {
		// The first circuit to a service can take more than two minutes.
		d = Timeouts{Dial: 150 * time.Second, TLS: time.Minute, Header: 2 * time.Minute, Body: time.Minute, Total: 20 * time.Minute}
	}
	fill := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	fill(&t.Dial, d.Dial)
	fill(&t.TLS, d.TLS)
	fill(&t.Header, d.Header)
	fill(&t.Body, d.Body)
	fill(&t.Total, d.Total)
	return t
}
