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
	collect  []func()
}

type family struct {
	name, kind, help string
	values           map[string]float64 // by label pairs as they are written
}

// Counter and Gauge declare a figure.
func (m *Metrics) Counter(name, help string) *Figure { return m.family(name, "counter", help) }
func (m *Metrics) Gauge(name, help string) *Figure   { return m.family(name, "gauge", help) }

func (m *Metrics) family(name, kind, help string) *Figure {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &family{name, kind, help, map[string]float64{}}
	m.families = append(m.families, f)
	return &Figure{m, f}
}

// Collect calls fn before each reading.
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
	g.f.values[pairs(labels)] += v
}

func (g *Figure) Set(v float64, labels ...string) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.f.values[pairs(labels)] = v
}

// Clear drops every value, so that those of a source that is gone are not kept.
func (g *Figure) Clear() {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	clear(g.f.values)
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
	for _, fn := range m.collect {
		fn()
	}
	var b strings.Builder
	m.mu.Lock()
	for _, f := range m.families {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		keys := make([]string, 0, len(f.values))
		for k := range f.values {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(&b, "%s%s %s\n", f.name, k, strconv.FormatFloat(f.values[k], 'g', -1, 64))
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
