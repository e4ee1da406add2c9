package remote

import (
	"testing"
	"time"

	"tamga/chain/chaintest"
	"tamga/chain/rpc"
)

func instant() time.Time { return time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC) }

// FuzzServer gives a source an arbitrary answer in the place of one question's.
func FuzzServer(f *testing.F) {
	b := chaintest.New("fuzz")
	b.Mine("a")
	id, err := b.Pay("a", 500, chaintest.Out{To: "b", Value: chaintest.BTC})
	if err != nil {
		f.Fatal(err)
	}
	b.Mine("a")
	addr := b.Address("b")
	dir := f.TempDir()
	keep, err := rpc.OpenAnswers(dir, instant)
	if err != nil {
		f.Fatal(err)
	}
	o := quick()
	o.Keep = keep
	var asked []string
	for _, open := range []func() (*Source, error){
		func() (*Source, error) {
			return Node(f.Context(), fuzzServer(f, b.Core(chaintest.Indexes{Tx: true, Filter: true})), o)
		},
		func() (*Source, error) { return Esplora(f.Context(), fuzzServer(f, b.Esplora()), o) },
	} {
		src, err := open()
		if err == nil {
			err = everything(src, []string{id}, []string{addr})
		}
		if err != nil {
			f.Fatal(err)
		}
		asked = append(asked, src.Origin())
	}
	s, err := rpc.OpenAnswers(dir, instant)
	if err != nil {
		f.Fatal(err)
	}
	at := 0
	err = s.All(func(k *rpc.Kept, body []byte) error {
		f.Add(k.Dialect == dialectNode, k.Asked, body)
		at++
		return nil
	})
	if err != nil || at < 10 {
		f.Fatal("few questions: ", at, err)
	}
	f.Fuzz(func(t *testing.T, node bool, question string, body []byte) {
		from, speak := asked[1], speakEsplora
		if node {
			from, speak = asked[0], speakNode
		}
		src, err := open(t.Context(), rpc.Replay(from, s), "regtest", speak)
		if err != nil {
			t.Fatal(err)
		}
		a := &planted{src.asker, question, body}
		src.asker, src.server = a, speak(a)
		_, _ = src.server.can(t.Context())
		tx, err := src.Tx(t.Context(), id)
		if err == nil && tx.TxID != id {
			t.Fatal("another transaction")
		}
		_ = everything(src, []string{id}, []string{addr})
	})
}
