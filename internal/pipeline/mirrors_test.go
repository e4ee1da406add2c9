package pipeline

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/evidence"
)

// A site that names another address on every page causes a bounded number of
// claims, each once, also over a restart; another site is not kept from its own.
func TestToldIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := evidence.Init(dir, "demo"); err != nil {
		t.Fatal(err)
	}
	a, err := evidence.Open(dir, evidence.Options{Operator: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	p := &Pipeline{Archive: a}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tell := func(m *Mirrors, seq int64, url, names string) {
		c := tamga.Capture{Seq: seq, URL: url, Source: "demo", Outcome: tamga.OutcomeOK, Route: tamga.RouteClear, Requested: at}
		m.look(t.Context(), p, c, &tamga.Exchange{Header: http.Header{"Onion-Location": {names}}}, nil)
	}
	onion := func(i int) string { return fmt.Sprintf("http://m%d.%s.onion/", i, strings.Repeat("a", 56)) }
	for range 2 { // the second one as after a restart
		m := &Mirrors{}
		for i := range 2 * maxTold {
			tell(m, int64(i), fmt.Sprintf("http://noisy.example/%d", i), onion(i))
		}
		tell(m, 1<<20, "http://quiet.example/", onion(0))
		tell(m, 1<<20+1, "http://quiet.example/2", onion(0))
		if err := m.record(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	told, err := p.Told(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for _, x := range told {
		by[x.Site]++
	}
	if by["noisy.example"] != maxTold || by["quiet.example"] != 1 || told[0].Detail == "" {
		t.Errorf("claims %v, the first %+v", by, told[0])
	}
	var none *Mirrors
	none.look(t.Context(), p, tamga.Capture{}, nil, nil)
	if err := none.record(t.Context(), p); err != nil {
		t.Error(err)
	}
}
