package chaintest

import (
	"bufio"
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
	"tamga/chain"
)

// The .trace language: one statement a line, '#' starts a comment.
//
//	coinbase c0 -> a:50          a coinbase transaction paying wallet a
//	tx t1 a:1.0 -> b:0.7 c:0.3   an input a:1.0 spends a's oldest unspent output of
//	                             exactly that value, or a new coinbase if there is
//	                             none; t0:1 spends that output; ?:1.0 and ?1:? spend
//	                             an output the source does not hold, of known or
//	                             unknown value; an output !:0.1 pays nobody
//	block                        the next transactions have the next height
//	trace a backward hops=2 method=fifo minvalue=0.1 fanout=10 mix=t3
//	hop 1 t1 a -> b 0.7          expected of the trace above: depth, transaction,
//	                             input and output (wallet or t1:0), amount
//	end b unspent                expected end: a wallet or t1:0, and the reason
//	fails TEXT                   the trace ends in an error that has TEXT
//
// After a trace, every hop and end must be listed, each once.
type traceFile struct {
	ledger *Ledger
	ids    map[string]string // name of a transaction to its txid
	names  map[string]string // and back
	owner  map[tamga.Outpoint]string
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
		case "hop", "end", "fails":
			if pending == nil {
				err = fmt.Errorf("%s before any trace", verb)
				break
			}
			pending.add(n, words)
		default:
			if err = finish(); err != nil {
				return err
			}
			switch verb {
			case "block":
				f.height++
			case "coinbase", "tx":
				err = f.transaction(verb == "coinbase", rest)
			case "trace":
				pending = &expectation{line: n, words: rest}
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
		Time: time.Date(2024, 1, 1, 0, int(f.height)*10, 0, 0, time.UTC),
	}
	if coinbase {
		tx.In = append(tx.In, tamga.TxIn{Coinbase: true})
	}
	arrow := false
	for _, w := range words {
		if w == "->" {
			arrow = true
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
			out.Type, out.Address = "witness_v0_keyhash", to
		}
		tx.Out = append(tx.Out, out)
	}
	if !arrow || len(tx.In) == 0 {
		return fmt.Errorf("transaction %s: want inputs -> outputs", name)
	}
	f.add(name, tx)
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
				Out: []tamga.TxOut{{Value: tamga.NewAmount(v, "BTC"), Type: "witness_v0_keyhash", Address: who}},
			})
			o = tamga.Outpoint{TxID: f.ids[name]}
		}
	}
	if f.spent[o] {
		return tamga.TxIn{}, fmt.Errorf("%s:%s is spent already", who, amount)
	}
	f.spent[o] = true
	return tamga.TxIn{Prev: o, Known: true, Value: tamga.NewAmount(f.value[o], "BTC"), Address: f.owner[o]}, nil
}

// expectation is a trace statement with the lines that follow it.
type expectation struct {
	line  int
	words []string
	want  []expected
}

type expected struct {
	line  int
	words []string
}

func (e *expectation) add(line int, words []string) {
	e.want = append(e.want, expected{line, words})
}

func (f *traceFile) options(words []string) (subject string, o chain.Options, err error) {
	if len(words) == 0 {
		return "", o, fmt.Errorf("trace of what")
	}
	subject = words[0]
	if name, vout, ok := strings.Cut(subject, ":"); f.ids[name] != "" {
		if subject = f.ids[name]; ok {
			subject += ":" + vout
		}
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case chain.Forward, chain.Backward:
			o.Direction = key
		case "method":
			o.Method = value
		case "hops":
			o.Hops, err = strconv.Atoi(value)
		case "fanout":
			o.Fanout, err = strconv.Atoi(value)
		case "minvalue":
			o.MinValue, err = coins(value)
		case "mix":
			o.Stop = func(tx *tamga.Tx, _ tamga.TxOut) string {
				if tx.TxID == f.ids[value] {
					return chain.EndMix
				}
				return ""
			}
		default:
			err = fmt.Errorf("unknown option %q", w)
		}
		if err != nil {
			return "", o, err
		}
	}
	return subject, o, nil
}

// place is an outpoint in both ways it can be written.
func (f *traceFile) place(o tamga.Outpoint) [2]string {
	return [2]string{f.owner[o], fmt.Sprintf("%s:%d", f.names[o.TxID], o.Vout)}
}

func (f *traceFile) check(e *expectation) error {
	subject, o, err := f.options(e.words)
	if err != nil {
		return fmt.Errorf("line %d: %w", e.line, err)
	}
	tr, err := chain.Trace(context.Background(), f.ledger, subject, o)
	type fact struct {
		text  string
		match func(w []string) bool
		used  bool
	}
	var facts []*fact
	is := func(p [2]string, s string) bool { return s != "" && (p[0] == s || p[1] == s) }
	for _, h := range tr.Hops {
		in, out := f.place(tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}), f.place(tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N})
		facts = append(facts, &fact{
			text: fmt.Sprintf("hop %d %s %s -> %s %s satoshis", h.Depth, f.names[h.TxID], in[1], out[1], h.Amount),
			match: func(w []string) bool {
				if len(w) != 7 || w[0] != "hop" || w[4] != "->" {
					return false
				}
				v, err := coins(w[6])
				return err == nil && w[1] == strconv.Itoa(h.Depth) && w[2] == f.names[h.TxID] &&
					is(in, w[3]) && is(out, w[5]) && h.Amount.Cmp(tamga.NewAmount(v, "")) == 0
			},
		})
	}
	for _, x := range tr.Ends {
		at := f.place(tamga.Outpoint{TxID: x.TxID, Vout: x.Vout})
		facts = append(facts, &fact{
			text:  fmt.Sprintf("end %s %s", at[1], x.Reason),
			match: func(w []string) bool { return len(w) == 3 && w[0] == "end" && is(at, w[1]) && w[2] == x.Reason },
		})
	}
	if err != nil {
		facts = append(facts, &fact{
			text: fmt.Sprintf("fails %v", err),
			match: func(w []string) bool {
				return w[0] == "fails" && strings.Contains(err.Error(), strings.Join(w[1:], " "))
			},
		})
	}
next:
	for _, w := range e.want {
		for _, x := range facts {
			if !x.used && x.match(w.words) {
				x.used = true
				continue next
			}
		}
		var got strings.Builder
		for _, x := range facts {
			fmt.Fprintf(&got, "\n\t%s", x.text)
		}
		return fmt.Errorf("line %d: %s: not so; the trace has%s", w.line, strings.Join(w.words, " "), &got)
	}
	for _, x := range facts {
		if !x.used {
			return fmt.Errorf("line %d: the trace has more: %s", e.line, x.text)
		}
	}
	return nil
}
