package bleve

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"tamga/index"
	"tamga/index/indextest"
)

// benchDocs is the number of documents of the benchmarks; TAMGA_BENCH_DOCS sets
// another.
func benchDocs() int {
	if n, err := strconv.Atoi(os.Getenv("TAMGA_BENCH_DOCS")); err == nil {
		return n
	}
	return 20000
}

// BenchmarkPut indexes synthetic documents; docs/s is the measure.
func BenchmarkPut(b *testing.B) {
	docs := indextest.Documents(1, 5000)
	for b.Loop() {
		s, err := Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Put(b.Context(), docs, 1); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
	b.ReportMetric(float64(b.N*len(docs))/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkSearch asks, on one index: words alone by relevance; words in an order
// with three facets and a histogram; everything with four facets.
func BenchmarkSearch(b *testing.B) {
	n := benchDocs()
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	docs := indextest.Documents(1, n)
	for i := 0; i < n; i += 5000 {
		if err := s.Put(b.Context(), docs[i:min(i+5000, n)], int64(i)); err != nil {
			b.Fatal(err)
		}
	}
	facets := []index.Facet{{Field: "market"}, {Field: "vendor"}, {Field: "substances"}}
	for name, q := range map[string]index.Query{
		"words":         {Where: index.Text{Query: "crystal закладка", Any: true}},
		"words,facets":  {Where: index.Text{Query: "crystal закладка", Any: true}, Facets: facets, Histogram: &index.Histogram{Field: "captured"}},
		"phrase,sorted": {Where: index.Phrase{Text: "dead drop"}, Sort: []index.SortKey{{Field: "captured", Desc: true}}, Facets: facets},
		"all,facets":    {Facets: append(facets, index.Facet{Field: "from"}), Sort: []index.SortKey{{Field: "captured", Desc: true}}},
	} {
		b.Run(fmt.Sprintf("%s/docs=%d", name, n), func(b *testing.B) {
			var total int64
			for b.Loop() {
				r, err := s.Search(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				total = r.Total
			}
			b.ReportMetric(float64(total), "hits")
		})
	}
}
