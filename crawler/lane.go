package crawler

import (
	"net/http"
	"time"

	"tamga"
)

// lane is a way out that shares nothing with another: connections, circuits and
// cookies stay on theirs.
type lane struct {
	direct   bool   // the clear web is reached without the proxy
	identity string // of Source
}

// lane of a source.
func (o *Options) lane(s *Source) lane {
	direct := o.Direct
	switch s.Route {
	case tamga.RouteClear:
		direct = true
	case tamga.RouteTor:
		direct = false
	}
	return lane{direct, s.Identity}
}

func (o *Options) policy(l lane) policy {
	return policy{proxy: o.Proxy != "", i2p: o.I2P != "", direct: l.direct, local: o.Local, cross: o.CrossNetwork, blocked: o.Blocklist}
}

// transport of a lane, made when it is first used.
func (w *wire) transport(l lane) *http.Transport {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.lanes[l]
	if t == nil {
		d := &dialer{opts: w.opts, lane: l, policy: w.opts.policy(l), epochs: w.epochs}
		t = &http.Transport{
			DialContext: d.dial, DialTLSContext: d.dialTLS,
			DisableCompression:     true, // content coding stays as it was sent
			ForceAttemptHTTP2:      false,
			MaxIdleConns:           4 * w.opts.Workers,
			MaxIdleConnsPerHost:    w.opts.Parallel,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxHead,
		}
		w.lanes[l] = t
	}
	return t
}

func (w *wire) closeIdle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.lanes {
		t.CloseIdleConnections()
	}
}
