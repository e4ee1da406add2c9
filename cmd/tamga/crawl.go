package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/crawler"
	"tamga/internal/config"
)

// readEvery is the time between two readings of what a running crawl has sealed:
// a slow crawl over Tor can be searched while it runs, a fast local one is not
// slowed down.
const readEvery = 30 * time.Second

type crawlFlags struct {
	local    bool
	lab      bool // a server of our own: no need to be polite
	maxPages int64
	scope    string
	rate     float64
	delay    time.Duration
	parallel int
	proxy    string
}

func newCrawl(a *app) *cobra.Command {
	var fl crawlFlags
	cmd := &cobra.Command{
		Use:   "crawl [SOURCE…]",
		Short: "Crawl configured sources or URLs once",
		Long: `Crawl seals every page it can reach from the sources (names from tamga.toml, or
URLs), then reads and indexes what is new. Without a source it goes on with what
the frontier still holds. From a URL, a page that was sealed is not fetched again; a
source that is named is gone over anew, as its table says (docs/sources.md), or to
its end where its last pass was interrupted. Ctrl-C or a crash at any moment loses
nothing: the next crawl goes on. A source whose table has a mistake, or whose basis has
ended, is left out with exit code 3, and the others go on.

.onion goes through Tor's SOCKS port and nowhere else; so does the clear web unless
crawl.direct is set. Loopback and private addresses are refused without --local.`,
		Example: `  tamga crawl http://exampleonion.onion/
  tamga crawl --local http://127.0.0.1:8080/ --max-pages 100`,
		RunE: func(cmd *cobra.Command, argv []string) error {
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			sum, err := a.crawl(cmd, h, fl, argv)
			if err != nil {
				return stopped(err)
			}
			if a.document() {
				return errors.Join(a.print(sum), incomplete(sum.Refused))
			}
			sum.tell(a.err)
			fmt.Fprintf(a.out, "captured %d, skipped %d, failed %d; %.1f MB in %.1f s%s\n", sum.Captured, sum.Skipped, sum.Failed, float64(sum.Bytes)/1e6, sum.Seconds,
				map[bool]string{true: "; the frontier is empty"}[sum.Empty])
			return incomplete(sum.Refused)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&fl.local, "local", false, "allow loopback and private addresses, and no others")
	f.Int64Var(&fl.maxPages, "max-pages", 0, "stop after so many captures; 0 is no limit")
	f.StringVar(&fl.scope, "scope", "host", "links that are followed: host, domain, any, prefix:URL or regex:PATTERN")
	f.Float64Var(&fl.rate, "rate", 0, "requests a second in all, at most; 0 is no limit")
	f.DurationVar(&fl.delay, "delay", 0, "between two requests to a host (default: crawl.delay, none with --local)")
	f.IntVar(&fl.parallel, "parallel", 0, "requests to a host at a time (default: crawl.parallel; with --local 8 where that is not set)")
	f.StringVar(&fl.proxy, "proxy", "", "SOCKS5 proxy of Tor, host:port (default: crawl.proxy)")
	return cmd
}

// crawl collects, and reads what was collected as it goes.
func (a *app) crawl(cmd *cobra.Command, h *house, fl crawlFlags, argv []string) (sum crawlResult, err error) {
	ctx := cmd.Context()
	names, seeds, left, err := seeds(h.conf, argv, time.Now())
	if err != nil {
		return sum, err
	}
	logins := a.logins(h.ws, h.conf)
	defer func() { err = errors.Join(err, logins.save()) }()
	opt, locked, err := a.crawlOptions(cmd, h.conf, fl, logins, names)
	if err != nil {
		return sum, err
	}
	for _, r := range locked {
		names = slices.DeleteFunc(names, func(name string) bool { return name == r.Source })
	}
	if left = append(left, locked...); len(left) > 0 && len(argv) > 0 && len(names)+len(seeds) == 0 {
		return sum, ofSource(left[0].err)
	}
	sum.Refused = left
	opt.Refused = func(source string, err error) { sum.Refused = append(sum.Refused, refuse(source, err)) }
	defer func() {
		if err == nil {
			logRefused(a.log, sum.Refused)
		}
	}()
	progress := a.progress()
	collect := progress.Bar("crawl", "pages", 0)
	if opt.Blocklist, err = blocklist(h.ws, h.conf); err != nil {
		return sum, err
	}
	opt.Begin = names
	opt.Passed = func(p crawler.Pass) { sum.passed(h.conf, p) }
	opt.Progress = func(s crawler.Stats) {
		done := s.Captured + s.Failed
		collect.Set(done, done+s.Ready+int64(s.InFlight))
	}
	opt.Sink, opt.Kind = h.archive, h.pipe.Kind
	if opt.Frontier, err = crawler.Open(h.db.Writer()); err != nil {
		return sum, err
	}
	c, err := crawler.New(opt)
	if err != nil {
		return sum, err
	}

	read := progress.Bar("read", "captures", 0)
	bounded, done := context.WithCancel(ctx)
	defer done()
	go boundMapped(bounded, h.store, memoryMapped)
	stop := a.readWhile(ctx, h, read.Set)
	sum.Summary, err = c.Run(ctx, seeds)
	sum.expired(h.conf, logins)
	collect.Done()
	readErr := stop()
	if err == nil && readErr == nil {
		_, readErr = h.pipe.Ingest(ctx, read.Set)
	}
	read.Done()
	progress.Wait()
	if err == nil && readErr == nil {
		_, readErr = a.deliver(ctx, h)
	}
	return sum, errors.Join(err, readErr)
}

// readWhile ingests every readEvery until the function it returns is called.
func (a *app) readWhile(ctx context.Context, h *house, progress func(done, total int64)) func() error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(readEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-tick.C:
			}
			if _, err := h.pipe.Ingest(ctx, progress); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
	}()
	return func() error { cancel(); return <-done }
}

// crawlOptions are those of the settings and of the flags; refused are the named
// sources that cannot be used.
func (a *app) crawlOptions(cmd *cobra.Command, conf *config.Config, fl crawlFlags, logins *logins, named []string) (_ crawler.Options, refused []refusal, err error) {
	c := conf.Crawl
	scope, err := crawler.ParseScope(fl.scope)
	if err != nil {
		return crawler.Options{}, nil, usageError{err}
	}
	sources, refused, err := crawlSources(cmd, conf, logins, named)
	if err != nil {
		return crawler.Options{}, nil, err
	}
	opt := crawler.Options{
		Sources: sources, Renderer: newRenderer(conf),
		Proxy: c.Proxy, I2P: c.I2PProxy, Direct: c.Direct, Local: fl.local,
		Parallel: c.Parallel, Workers: c.Workers, Delay: time.Duration(c.Delay), Rate: fl.rate,
		MaxPages: fl.maxPages, Scope: scope, BodyCap: c.BodyCap, Attempts: c.Attempts,
		UserAgent: c.UserAgent, Operator: operator(conf), Tool: "tamga/" + tamga.Version, Logger: a.log,
	}
	if fl.local || fl.lab {
		opt.Delay = -1
		if conf.Origin("crawl.parallel") == "default" {
			opt.Parallel = 8
		}
	}
	if cmd.Flags().Changed("delay") {
		if opt.Delay = fl.delay; fl.delay == 0 {
			opt.Delay = -1
		}
	}
	if fl.parallel > 0 {
		opt.Parallel = fl.parallel
	}
	if fl.proxy != "" {
		opt.Proxy = fl.proxy
	}
	return opt, refused, nil
}

// seeds tells the names of sources from URLs. Of the sources that are asked for, all
// of them where nothing is, left are those that may not be used.
func seeds(conf *config.Config, argv []string, now time.Time) (names, urls []string, left []refusal, err error) {
	if len(argv) == 0 {
		return nil, nil, refused(conf, now), nil
	}
	for _, arg := range argv {
		if s, found := conf.Source(arg); found {
			if err := s.Authorised(now); err != nil {
				left = append(left, refuse(s.Name, err))
			} else {
				names = append(names, s.Name)
			}
			continue
		} else if err := conf.WhyRefused(arg); err != nil {
			left = append(left, refuse(arg, err))
			continue
		}
		u, err := url.Parse(arg)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, nil, nil, usageError{fmt.Errorf("source %q: not an http(s) URL and not a name in tamga.toml", arg)}
		}
		if turned, err := crawler.Address(crawler.KindOf(arg), arg); err == nil {
			arg = turned // else it is one page, and says itself that it shows nothing
		}
		urls = append(urls, arg)
	}
	return names, urls, left, nil
}

// crawlSources are the configured sources as the crawler knows them. What a flag
// says holds for all of them. What the frontier holds of those that are left out is
// left alone; refused are those of the named ones whose session does not open.
func crawlSources(cmd *cobra.Command, conf *config.Config, logins *logins, named []string) (out []crawler.Source, refused []refusal, err error) {
	for _, r := range conf.Refused {
		if name := r.Source.Name; name != "" && conf.WhyRefused(name) != nil {
			out = append(out, crawler.Source{Name: name, Closed: "it is refused"})
		}
	}
	for _, s := range conf.Sources {
		addresses := append([]string{s.URL}, s.Mirrors...)
		for i, address := range addresses {
			var err error
			if addresses[i], err = crawler.Address(s.Kind, address); err != nil {
				return nil, nil, fmt.Errorf("source %s: %w", s.Name, err)
			}
		}
		c := crawler.Source{
			Name: s.Name, Kind: s.Kind, Seeds: addresses[:1], Mirrors: addresses[1:], Budget: s.Budget, MaxDepth: s.Depth,
			Delay: time.Duration(s.Delay), Parallel: s.Parallel, Binary: s.Binary, Render: s.Render, Scripts: s.Scripts, Route: tamga.Route(s.Route), Identity: s.Session, Until: s.Ends(),
		}
		if s.MirrorKey != "" { // where sites have their lists and keys by convention
			c.Also = []string{"/mirrors.txt", "/pgp.txt"}
		}
		if err := logins.give(&c, s); err != nil && slices.Contains(named, s.Name) {
			refused = append(refused, refuse(s.Name, fmt.Errorf("source %s: %w", s.Name, err)))
		} else if err != nil {
			logins.log.Warn("the source is left alone: its session cannot be used", "source", s.Name, "session", s.Session, "err", err)
		}
		if s.Scope != "" && !cmd.Flags().Changed("scope") {
			scope, err := crawler.ParseScope(s.Scope)
			if err != nil {
				return nil, nil, fmt.Errorf("source %s: %w", s.Name, err)
			}
			c.Scope = scope
		}
		if cmd.Flags().Changed("delay") {
			c.Delay = 0
		}
		if cmd.Flags().Changed("parallel") {
			c.Parallel = 0
		}
		out = append(out, c)
	}
	return out, refused, nil
}
