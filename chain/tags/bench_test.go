package tags

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tamga"
)

// BenchmarkMillion fills a store with a million tags, and looks addresses up in it:
// of-bare-select is the time of a lookup over that of SQLite's own by the same key.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	s := newStore(b)
	addr := func(i int) string { return fmt.Sprintf("demo%027d", i) }
	fill := func(yield func(json.RawMessage, error) bool) {
		var batch Batch
		for i := range n {
			batch.Tags = append(batch.Tags, tamga.Tag{Address: addr(i), Chain: "bitcoin", Asset: "BTC", Label: "Demo Exchange", Category: "exchange", Source: "https://demo.example", Confidence: 50, Date: "2024-01-01", ClusterDefiner: i%1000 == 0})
			if len(batch.Tags) < BatchSize {
				continue
			}
			data, err := json.Marshal(batch)
			if !yield(data, err) {
				return
			}
			batch.Tags = batch.Tags[:0]
		}
	}
	began := time.Now()
	if err := s.Fill(b.Context(), fill, 1); err != nil {
		b.Fatal(err)
	}
	filled := time.Since(began)
	i := 0
	next := func() string { i = (i + 7919) % n; return addr(i) }
	const tries = 5000
	began = time.Now()
	for range tries {
		var data string
		if err := s.db.QueryRowContext(b.Context(), `SELECT data FROM tag WHERE subject = ?`, next()).Scan(&data); err != nil {
			b.Fatal(err)
		}
	}
	bare := float64(time.Since(began).Nanoseconds()) / tries
	b.ResetTimer()
	for b.Loop() {
		if found, err := s.Lookup(b.Context(), next()); err != nil || len(found) != 1 {
			b.Fatal(len(found), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/bare, "of-bare-select")
	b.ReportMetric(n/filled.Seconds(), "tags-filled/s")
}
