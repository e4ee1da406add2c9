package chaintest

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tamga"
)

// traceFile is a file of the .trace language (docs/trace-language.md) as far as it
// was read.
type traceFile struct {
	ledger *Ledger
	ids    map[string]string // name of a transaction to its txid
	names  map[string]string // and back
	owner  map[tamga.Outpoint]string
	kinds  map[string]string // script type of a wallet's outputs
	tags   tagged
	wallet map[string]string   // of addresses that are in one with others
	joined map[string][]string // the addresses of such a wallet
	value  map[tamga.Outpoint]int64
	order  []tamga.Outpoint
	spent  map[tamga.Outpoint]bool
	height int64
	made   int
}

// RunTraces runs every .trace file that a pattern names as a subtest.
func RunTraces(t *testing.T, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no trace files %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".trace"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := RunTrace(string(b)); err != nil {
				t.Error(err)
			}
		})
	}
}

// RunTrace runs one .trace text and reports the first line that does not hold.
func RunTrace(text string) error {
	f := &traceFile{
		ledger: NewLedger("regtest"), ids: map[string]string{}, names: map[string]string{},
		owner: map[tamga.Outpoint]string{}, value: map[tamga.Outpoint]int64{}, spent: map[tamga.Outpoint]bool{},
		kinds: map[string]string{}, tags: tagged{}, wallet: map[string]string{}, joined: map[string][]string{},
	}
	var pending *expectation
	finish := func() error {
		if pending == nil {
			return nil
		}
		p := pending
		pending = nil
		return f.check(p)
	}
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch verb, rest := words[0], words[1:]; verb {
		case "hop", "end", "fails", "mix", "change", "stops", "rule", "consensus", "path", "direct", "indirect", "way", "flow", "inside", "line":
			if pending == nil {
				err = fmt.Errorf("%s before any question", verb)
				break
			}
			pending.want = append(pending.want, expected{n, words})
		default:
			if err = finish(); err != nil {
				return err
			}
			switch verb {
			case "block":
				f.height++
			case "coinbase", "tx":
				err = f.transaction(verb == "coinbase", rest)
			case "kind":
				err = f.kind(rest)
			case "wallet":
				err = f.join(rest)
			case "tag":
				if err = fmt.Errorf("want: tag WALLET CATEGORY"); len(rest) == 2 {
					err, f.tags[rest[0]] = nil, append(f.tags[rest[0]], tamga.Tag{Address: rest[0], Label: rest[0], Category: rest[1]})
				}
			case "trace", "peel", "changeof", "paths", "exposure":
				pending = &expectation{line: n, verb: verb, words: rest}
			default:
				err = fmt.Errorf("unknown statement %q", verb)
			}
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return finish()
}

// coins reads a decimal number of bitcoins as satoshis.
func coins(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 8 {
		return 0, fmt.Errorf("%q has more than eight decimals", s)
	}
	return strconv.ParseInt(whole+frac+strings.Repeat("0", 8-len(frac)), 10, 64)
}

func fakeID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func (f *traceFile) transaction(coinbase bool, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("a transaction needs a name and outputs")
	}
	name, words := words[0], words[1:]
	if f.ids[name] != "" {
		return fmt.Errorf("transaction %s is there already", name)
	}
	tx := &tamga.Tx{
		TxID: fakeID(name), Block: fakeID(fmt.Sprint("block ", f.height)), Height: f.height,
		Time: blockTime(f.height), Version: 2,
	}
	sequence := uint32(0xfffffffd) // signals replacement, as most wallets do
	if coinbase {
		tx.In = append(tx.In, tamga.TxIn{Coinbase: true})
	}
	arrow := false
	for _, w := range words {
		if w == "->" {
			arrow = true
			continue
		}
		if key, value, ok := strings.Cut(w, "="); ok && !arrow {
			if err := attribute(tx, &sequence, key, value); err != nil {
				return err
			}
			continue
		}
		to, amount, _ := strings.Cut(w, ":")
		if !arrow {
			in, err := f.input(to, amount)
			if err != nil {
				return err
			}
			tx.In = append(tx.In, in)
			continue
		}
		v, err := coins(amount)
		if err != nil {
			return err
		}
		out := tamga.TxOut{N: uint32(len(tx.Out)), Value: tamga.NewAmount(v, "BTC"), Type: "nulldata"}
		if to != "!" {
			out.Type, out.Address = cmp.Or(f.kinds[to], "witness_v0_keyhash"), to
		}
		tx.Out = append(tx.Out, out)
	}
	if !arrow || len(tx.In) == 0 {
		return fmt.Errorf("transaction %s: want inputs -> outputs", name)
	}
	tx.WTxID = tx.TxID
	for i := range tx.In {
		tx.In[i].Sequence = sequence
		if strings.HasPrefix(tx.In[i].Type, "witness") {
			tx.WTxID = fakeID(name + " with witness")
		}
	}
	f.add(name, tx)
	return nil
}

// blockTime is the time of a height: ten minutes a block.
func blockTime(height int64) time.Time {
	return time.Date(2024, 1, 1, 0, int(height)*10, 0, 0, time.UTC)
}

// attribute sets what a transaction shows of its wallet.
func attribute(tx *tamga.Tx, sequence *uint32, key, value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	switch key {
	case "version":
		tx.Version = int32(n)
	case "locktime":
		tx.LockTime = uint32(n)
	case "rbf":
		if err = nil; value == "no" {
			*sequence = 0xffffffff
		}
	default:
		err = fmt.Errorf("unknown attribute %q", key)
	}
	return err
}

// kind sets the script type that outputs to a wallet have from now on.
func (f *traceFile) kind(words []string) error {
	types := map[string]string{
		"p2pkh": "pubkeyhash", "p2sh": "scripthash", "p2wpkh": "witness_v0_keyhash",
		"p2wsh": "witness_v0_scripthash", "p2tr": "witness_v1_taproot",
	}
	if len(words) != 2 || types[words[1]] == "" {
		return fmt.Errorf("want: kind WALLET p2pkh|p2sh|p2wpkh|p2wsh|p2tr")
	}
	f.kinds[words[0]] = types[words[1]]
	return nil
}

func (f *traceFile) add(name string, tx *tamga.Tx) {
	f.ids[name], f.names[tx.TxID] = tx.TxID, name
	for _, out := range tx.Out {
		o := tamga.Outpoint{TxID: tx.TxID, Vout: out.N}
		f.owner[o] = out.Address
		f.value[o], _ = out.Value.Int64()
		f.order = append(f.order, o)
	}
	f.ledger.Add(tx)
}

func (f *traceFile) input(who, amount string) (tamga.TxIn, error) {
	if strings.HasPrefix(who, "?") {
		f.made++
		in := tamga.TxIn{Prev: tamga.Outpoint{TxID: fakeID(fmt.Sprint("unknown ", f.made)), Vout: 0}}
		f.names[in.Prev.TxID] = who
		if amount == "?" {
			return in, nil
		}
		v, err := coins(amount)
		in.Known, in.Value = true, tamga.NewAmount(v, "BTC")
		return in, err
	}
	var o tamga.Outpoint
	if id := f.ids[who]; id != "" {
		n, err := strconv.ParseUint(amount, 10, 32)
		if err != nil {
			return tamga.TxIn{}, err
		}
		o = tamga.Outpoint{TxID: id, Vout: uint32(n)}
		if _, ok := f.value[o]; !ok {
			return tamga.TxIn{}, fmt.Errorf("no output %s:%s", who, amount)
		}
	} else {
		v, err := coins(amount)
		if err != nil {
			return tamga.TxIn{}, err
		}
		for _, c := range f.order {
			if f.owner[c] == who && f.value[c] == v && !f.spent[c] {
				o = c
				break
			}
		}
		if o.TxID == "" {
			f.made++
			name := fmt.Sprint("mint", f.made)
			f.add(name, &tamga.Tx{
				TxID: fakeID(name), Height: 0, In: []tamga.TxIn{{Coinbase: true}},
				Out: []tamga.TxOut{{Value: tamga.NewAmount(v, "BTC"), Type: cmp.Or(f.kinds[who], "witness_v0_keyhash"), Address: who}},
			})
			o = tamga.Outpoint{TxID: f.ids[name]}
		}
	}
	if f.spent[o] {
		return tamga.TxIn{}, fmt.Errorf("%s:%s is spent already", who, amount)
	}
	f.spent[o] = true
	in := tamga.TxIn{Prev: o, Known: true, Value: tamga.NewAmount(f.value[o], "BTC"), Address: f.owner[o]}
	if tx, _ := f.ledger.Tx(context.Background(), o.TxID); tx != nil {
		in.Type = tx.Out[o.Vout].Type
	}
	return in, nil
}
