package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"tamga/internal/config"
	"tamga/internal/demo"
	"tamga/internal/torlab"
)

// demoMarket is the served market, and the one that a vendor moves to.
type demoMarket struct {
	url, other string
	flags      crawlFlags
	end        func()
	market     *demo.Market
	now        atomic.Pointer[http.Handler] // of the market
}

// later lets time pass on the market, and has a second visit look at where something
// may have happened: to read all of it again would double the demonstration's start.
func (d *demoMarket) later(conf *config.Config) {
	h := d.market.Later().Handler()
	d.now.Store(&h)
	for i := range conf.Sources {
		if s := &conf.Sources[i]; s.URL == d.url {
			s.Scope = "regex:^" + regexp.QuoteMeta(strings.TrimSuffix(d.url, "/")) + d.market.SecondVisit()
		}
	}
}

func (d *demoMarket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*d.now.Load()).ServeHTTP(w, r)
}

// serveMarket serves both markets on loopback, or as onions of a private Tor network.
func serveMarket(ctx context.Context, dir string, tor bool) (*demoMarket, error) {
	d := &demoMarket{market: demo.New(), flags: crawlFlags{scope: "host", local: !tor, lab: tor}}
	h := d.market.Handler()
	d.now.Store(&h)
	if tor {
		lab := filepath.Join(dir, "torlab")
		if err := os.MkdirAll(lab, 0o700); err != nil {
			return nil, err
		}
		n, err := torlab.Start(ctx, torlab.Options{Dir: lab, Services: []torlab.Service{{Handler: d}, {Handler: demo.Caravanserai()}}})
		if err != nil {
			return nil, hinted{err, "`make deps` installs tor; without --tor the demo needs none"}
		}
		d.url, d.other, d.flags.proxy = "http://"+n.Onions[0]+"/", "http://"+n.Onions[1]+demo.CaravanseraiPath, n.SOCKS
		d.end = func() { n.Close() }
		return d, nil
	}
	market, endMarket, err := serveLocal(d)
	if err != nil {
		return nil, err
	}
	other, endOther, err := serveLocal(demo.Caravanserai())
	if err != nil {
		endMarket()
		return nil, err
	}
	d.url, d.other = market+"/", other+demo.CaravanseraiPath
	d.end = func() { endMarket(); endOther() }
	return d, nil
}

func serveLocal(h http.Handler) (url string, end func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serve demo market: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go s.Serve(ln)
	return "http://" + ln.Addr().String(), func() { s.Close() }, nil
}

// configure makes the markets sources of the workspace.
func (d *demoMarket) configure(ws *config.Workspace) error {
	f, err := os.OpenFile(ws.File(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, `
[[source]]
name = "bazaar-nowhere"
kind = "market"
url = %q

[[source]]
name = "caravanserai"
kind = "market"
url = %q
`, d.url, d.other)
	return errors.Join(err, f.Close())
}
