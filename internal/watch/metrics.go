package watch

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Metrics are figures in the text exposition format of Prometheus, version 0.0.4.
// Their number is bounded by that of the configured sources and of the outcomes.
type Metrics struct {
	mu       sync.Mutex
	families []*family
	asked    sync.Mutex // held while collect is called
	collect  []func()
}

type family struct {
	name, kind, help string
	values           map[string]*sample // by label pairs as they are written
}

type sample struct {
	labels []string // names and values in turns
	value  float64
}

// Counter and Gauge declare a figure.
func (m *Metrics) Counter(name, help string) *Figure { return m.family(name, "counter", help) }
func (m *Metrics) Gauge(name, help string) *Figure   { return m.family(name, "gauge", help) }

func (m *Metrics) family(name, kind, help string) *Figure {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &family{name, kind, help, map[string]*sample{}}
	m.families = append(m.families, f)
	return &Figure{m, f}
}

// Collect calls fn before each reading, one reading at a time.
func (m *Metrics) Collect(fn func()) { m.collect = append(m.collect, fn) }

// Figure is one family of values, told apart by labels.
type Figure struct {
	m *Metrics
	f *family
}

// Add and Set take pairs of a label's name and value.
func (g *Figure) Add(v float64, labels ...string) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.at(labels).value += v
}

func (g *Figure) Set(v float64, labels ...string) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.at(labels).value = v
}

func (g *Figure) at(labels []string) *sample {
	key := pairs(labels)
	s := g.f.values[key]
	if s == nil {
		s = &sample{labels: slices.Clone(labels)}
		g.f.values[key] = s
	}
	return s
}

// Retain drops what has another value of a label than those of keep, so that what is
// gone is not told of for ever.
func (m *Metrics) Retain(label string, keep map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.families {
		for key, s := range f.values {
			for i := 0; i+1 < len(s.labels); i += 2 {
				if s.labels[i] == label && !keep[s.labels[i+1]] {
					delete(f.values, key)
				}
			}
		}
	}
}

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func pairs(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		b.WriteString([]string{"{", ","}[min(i, 1)])
		fmt.Fprintf(&b, `%s="%s"`, labels[i], escape.Replace(labels[i+1]))
	}
	b.WriteByte('}')
	return b.String()
}

// WriteTo writes every figure.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	m.asked.Lock()
	for _, fn := range m.collect {
		fn()
	}
	m.asked.Unlock()
	var b strings.Builder
	m.mu.Lock()
	for _, f := range m.families {
		if len(f.values) == 0 {
			continue
		}
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		keys := make([]string, 0, len(f.values))
		for k := range f.values {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(&b, "%s%s %s\n", f.name, k, strconv.FormatFloat(f.values[k].value, 'g', -1, 64))
		}
	}
	m.mu.Unlock()
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// ServeHTTP answers GET /metrics.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/metrics" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	buf := bufio.NewWriter(w)
	m.WriteTo(buf)
	buf.Flush()
}

// Loopback refuses an address, host:port, that others than this machine reach.
func Loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: want host:port, like 127.0.0.1:9464", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("address %q: only a loopback address, like 127.0.0.1:9464, is listened on", address)
	}
	return nil
}

// LocalOnly answers only requests that name this machine: a page of elsewhere, in a
// browser on this one, that has its own name lead here (DNS rebinding) learns nothing.
func LocalOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this address is read on this machine, by localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
