package tags

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"testing"

	_ "modernc.org/sqlite"

	"tamga"
)

func newStore(t testing.TB) *Store {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func claimsOf(t *testing.T, all ...Batch) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for _, b := range all {
			data, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(data, nil) {
				return
			}
		}
	}
}

func TestStore(t *testing.T) {
	s := newStore(t)
	tag := tamga.Tag{Address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Asset: "ETH", Label: "old", Source: "a", Confidence: 20, Date: "2020-01-01"}
	newer, surer, wide := tag, tag, tag
	newer.Date = "2022-01-01"
	surer.Label, surer.Confidence = "surer", 60
	wide.Address, wide.TxID, wide.ClusterDefiner = "x", "", true
	err := s.Fill(t.Context(), claimsOf(t, Batch{Tags: []tamga.Tag{tag, surer}, Actors: []Actor{{ID: "a", Label: "A"}}}, Batch{Tags: []tamga.Tag{newer, wide}}), 7)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Lookup(t.Context(), "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
	if err != nil || fmt.Sprint(got) != fmt.Sprint([]tamga.Tag{surer, newer}) {
		t.Errorf("lookup %+v, %v", got, err)
	}
	if all, err := s.All(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("all %+v, %v", all, err)
	}
	if d, err := s.Definers(t.Context()); err != nil || len(d) != 1 || d[0].Address != "x" {
		t.Errorf("definers %+v, %v", d, err)
	}
	if a, ok, err := s.Actor(t.Context(), "a"); err != nil || !ok || a.Label != "A" {
		t.Errorf("actor %+v %v %v", a, ok, err)
	}
	if _, ok, err := s.Actor(t.Context(), "b"); err != nil || ok {
		t.Errorf("an actor that is none: %v %v", ok, err)
	}
	for _, c := range []struct {
		tag  tamga.Tag
		want bool
	}{{tag, true}, {tamga.Tag{Address: tag.Address, Label: "old", Source: "b", Asset: "ETH"}, false}} {
		if held, err := s.Holds(t.Context(), c.tag); err != nil || held != c.want {
			t.Errorf("holds %+v: %v %v", c.tag, held, err)
		}
	}
}

// TestFillIsWhole wants a claim that cannot be read to leave everything as it was.
func TestFillIsWhole(t *testing.T) {
	s := newStore(t)
	bad := errors.New("torn")
	for _, last := range []func(func(json.RawMessage, error) bool){
		func(yield func(json.RawMessage, error) bool) { yield(nil, bad) },
		func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(`{"tags":7}`), nil) },
	} {
		err := s.Fill(t.Context(), func(yield func(json.RawMessage, error) bool) {
			if !yield(json.RawMessage(`{"tags":[{"address":"x","label":"l","source":"s"}]}`), nil) {
				return
			}
			last(yield)
		}, 3)
		if err == nil {
			t.Error("filled")
		}
		if all, _ := s.All(t.Context()); len(all) != 0 {
			t.Errorf("tags %+v", all)
		}
		if next, _ := s.Next(t.Context()); next != 0 {
			t.Errorf("next %d", next)
		}
	}
}

func TestResolver(t *testing.T) {
	s := newStore(t)
	own := tamga.Tag{Address: "b", Label: "own", Source: "s", Confidence: 5}
	definer := tamga.Tag{Address: "a", Label: "of the wallet", Source: "s", Confidence: 50, ClusterDefiner: true}
	narrow := tamga.Tag{Address: "c", Label: "narrow", Source: "s", Confidence: 50}
	elsewhere := tamga.Tag{Address: "0xother", Label: "of no wallet", Source: "s", ClusterDefiner: true}
	if err := s.Fill(t.Context(), claimsOf(t, Batch{Tags: []tamga.Tag{own, definer, narrow, elsewhere}}), 1); err != nil {
		t.Fatal(err)
	}
	wallets := map[string]uint64{"a": 1, "b": 1, "c": 1, "d": 2}
	r, err := NewResolver(t.Context(), s, func(a string) (uint64, bool, error) { k, ok := wallets[a]; return k, ok, nil })
	if err != nil {
		t.Fatal(err)
	}
	by := definer
	by.By = ByCluster
	for addr, want := range map[string][]tamga.Tag{"a": {definer}, "b": {own, by}, "c": {narrow, by}, "d": nil, "e": nil, "": nil, "0xother": {elsewhere}} {
		for range 2 { // the second answer is a kept one
			if got, err := r.Lookup(t.Context(), addr); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %+v %v, want %+v", addr, got, err, want)
			}
		}
	}
	alone, err := NewResolver(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := alone.Lookup(t.Context(), "c"); err != nil || len(got) != 1 {
		t.Errorf("without wallets: %+v %v", got, err)
	}
	lost := errors.New("lost")
	if _, err := NewResolver(t.Context(), s, func(string) (uint64, bool, error) { return 0, false, lost }); !errors.Is(err, lost) {
		t.Errorf("a wallet that cannot be read: %v", err)
	}
}
