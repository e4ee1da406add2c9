package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tamga"
)

// Tagger answers who or what is behind an address, the surest first.
type Tagger interface {
	Lookup(ctx context.Context, address string) ([]tamga.Tag, error)
}

// Exposure is how much of a subject's value went to, or came from, tagged
// addresses, by category (claim).
type Exposure struct {
	Subject    string             `json:"subject"`
	Direction  string             `json:"direction"`
	Hops       int                `json:"hops,omitempty"` // how far it was followed; absent: without limit
	Total      tamga.Amount       `json:"total"`          // of the subject's outputs
	Categories []CategoryExposure `json:"exposure"`       // the greatest first
	Mixes      []tamga.Mix        `json:"mixes,omitempty"`
	Height     *int64             `json:"height,omitempty"` // of the ledger
}

// CategoryExposure is the part of a category. Direct is what one transaction brought;
// a tagged output that further hops lead to as well counts in both, each by its hops.
type CategoryExposure struct {
	Category string        `json:"category"`
	Direct   Interval      `json:"direct"`
	Indirect Interval      `json:"indirect"`
	Ends     []ExposureEnd `json:"ends"` // the greatest first
}

// Interval is a value by FIFO and as much as poison lets it be. Poison counts the
// whole of what was mixed with the subject's value, so it may exceed the total.
type Interval struct {
	FIFO   tamga.Amount `json:"fifo"`
	Poison tamga.Amount `json:"poison"`
}

// ExposureEnd is a tagged output that the subject's value reached.
type ExposureEnd struct {
	TxID    string    `json:"txid"`
	Vout    uint32    `json:"vout"`
	Address string    `json:"address,omitempty"`
	Depth   int       `json:"depth"`          // 0 is the subject itself, into a mix
	Tag     tamga.Tag `json:"tag"`            // the surest that has a category or an abuse, else the surest
	Others  int       `json:"tags,omitempty"` // further tags of the address
	Interval
	// Path is one way from the subject there (going back: from there to the subject),
	// each time by the hop that brings most: by FIFO, or where that does not reach
	// it, by poison. Empty for the subject itself.
	Path []tamga.Hop `json:"path,omitempty"`

	direct, indirect Interval
}

// Untold is the category of tags that name none, and Mix of what Options.StopMix
// ended at.
const (
	Untold      = "untold"
	MixCategory = "mix"
)

// ExposureOf follows a subject by FIFO and by poison, stopping at tagged addresses,
// and adds up what reached them. An address counts under its surest tag alone.
// Options.Method is not looked at. Poison spreads fast: set Options.Hops.
func ExposureOf(ctx context.Context, src Source, subject string, tags Tagger, o Options) (Exposure, error) {
	o.Direction = cmp.Or(o.Direction, Forward)
	e := &exposer{ctx: ctx, tags: tags, known: map[string]*labelled{}, before: o.Stop}
	o.Stop = e.stop
	out := Exposure{Subject: subject, Direction: o.Direction, Hops: o.Hops, Categories: []CategoryExposure{}}
	fail := func(err error) (Exposure, error) { return Exposure{}, fmt.Errorf("exposure of %s: %w", subject, err) }
	own, err := seeds(ctx, src, subject)
	if err != nil {
		return fail(err)
	}
	sum := int64(0)
	for _, a := range own {
		sum += a.amount
	}
	out.Total = tamga.NewAmount(sum, asset)
	found := map[tamga.Outpoint]*ExposureEnd{}
	for _, method := range []string{FIFO, Poison} {
		o.Method = method
		tr, err := Trace(ctx, src, subject, o)
		if e.err != nil {
			return fail(e.err)
		}
		if err != nil {
			return fail(err)
		}
		if err := e.collect(found, tr, own); err != nil {
			return fail(err)
		}
		out.Mixes = tr.Mixes // poison meets all that FIFO does
	}
	if out.Categories, err = byCategory(found); err != nil {
		return fail(err)
	}
	if out.Height, err = tipHeight(ctx, src); err != nil {
		return fail(err)
	}
	return out, nil
}

// Basis is the trace that an exposure rests on, without its hops and ends.
func (e Exposure) Basis() tamga.Trace {
	return tamga.Trace{Subject: e.Subject, Direction: e.Direction, Method: Poison, Mixes: e.Mixes}
}

// asset is that of a ledger of outputs.
const asset = "BTC"

// seeds are the outputs that a subject names, with their values.
func seeds(ctx context.Context, src Source, subject string) (map[tamga.Outpoint]arrival, error) {
	t := &tracer{src: src, points: map[tamga.Outpoint]*point{}, cache: map[string]*tamga.Tx{}}
	if err := t.seed(ctx, subject); err != nil {
		return nil, err
	}
	own := map[tamga.Outpoint]arrival{}
	for out, p := range t.points {
		own[out] = arrival{amount: p.value, asset: asset}
	}
	return own, nil
}

// exposer looks up the tags that a trace comes to.
type exposer struct {
	ctx    context.Context
	tags   Tagger
	known  map[string]*labelled // by address; nil where it has no tag
	before func(*tamga.Tx, tamga.TxOut) string
	err    error
}

// labelled is the tag that an address counts under.
type labelled struct {
	tag    tamga.Tag
	others int
}

func (e *exposer) of(addr string) *labelled {
	if addr == "" || e.err != nil {
		return nil
	}
	l, asked := e.known[addr]
	if asked {
		return l
	}
	all, err := e.tags.Lookup(e.ctx, addr)
	if err != nil {
		e.err = err
		return nil
	}
	if len(all) > 0 {
		i := max(0, slices.IndexFunc(all, func(t tamga.Tag) bool { return t.Category != "" || t.Abuse != "" }))
		l = &labelled{all[i], len(all) - 1}
	}
	e.known[addr] = l
	return l
}

func (e *exposer) stop(tx *tamga.Tx, out tamga.TxOut) string {
	if e.before != nil {
		if reason := e.before(tx, out); reason != "" {
			return reason
		}
	}
	if e.of(out.Address) != nil {
		return EndTag
	}
	return ""
}

// collect adds what a trace brought to tagged outputs and to mixes it ended at,
// where the subject's own outputs may have gone at once.
func (e *exposer) collect(found map[tamga.Outpoint]*ExposureEnd, tr tamga.Trace, own map[tamga.Outpoint]arrival) error {
	all, mixed, ways := reached(tr), map[tamga.Outpoint]bool{}, waysOf(tr)
	for _, x := range tr.Ends {
		if x.Reason != EndMix {
			continue
		}
		out := tamga.Outpoint{TxID: x.TxID, Vout: x.Vout}
		mixed[out] = true
		if a, ok := own[out]; ok {
			all[out] = a
		}
	}
	for out, a := range all {
		// Going back, a tagged output that the source does not hold ends the trace as
		// unknown, and counts all the same.
		l := e.of(a.address)
		if l == nil && mixed[out] {
			l = &labelled{tag: tamga.Tag{Label: "several owners seem to have made this transaction", Category: MixCategory, Source: "the ledger"}}
		}
		if l == nil {
			continue
		}
		x := found[out]
		if x == nil {
			none := tamga.NewAmount(0, a.asset)
			x = &ExposureEnd{
				TxID: out.TxID, Vout: out.Vout, Address: a.address, Depth: a.depth, Tag: l.tag, Others: l.others,
				Interval: Interval{none, none}, direct: Interval{none, none}, indirect: Interval{none, none},
			}
			found[out] = x
		}
		x.Depth = min(x.Depth, a.depth)
		if len(x.Path) == 0 {
			x.Path = ways.to(out)
		}
		if a.depth == 0 {
			a.direct = a.amount
		}
		for _, part := range []struct {
			to     *Interval
			amount int64
		}{{&x.Interval, a.amount}, {&x.direct, a.direct}, {&x.indirect, a.indirect}} {
			if n := tamga.NewAmount(part.amount, a.asset); tr.Method == FIFO {
				part.to.FIFO = n
			} else {
				part.to.Poison = n
			}
		}
	}
	return e.err
}

func byCategory(found map[tamga.Outpoint]*ExposureEnd) ([]CategoryExposure, error) {
	at := map[string]int{}
	all := []CategoryExposure{}
	for _, out := range sortedOutpoints(found) {
		x := found[out]
		name := cmp.Or(x.Tag.Category, x.Tag.Abuse, Untold)
		i, ok := at[name]
		if !ok {
			i, at[name] = len(all), len(all)
			none := Interval{tamga.NewAmount(0, x.FIFO.Asset), tamga.NewAmount(0, x.FIFO.Asset)}
			all = append(all, CategoryExposure{Category: name, Direct: none, Indirect: none})
		}
		c := &all[i]
		if err := errors.Join(c.Direct.add(x.direct), c.Indirect.add(x.indirect)); err != nil {
			return nil, err
		}
		c.Ends = append(c.Ends, *x)
	}
	for _, c := range all {
		slices.SortStableFunc(c.Ends, func(a, b ExposureEnd) int { return greater(a.Interval, b.Interval) })
	}
	slices.SortFunc(all, func(a, b CategoryExposure) int {
		return cmp.Or(greater(a.Direct, b.Direct), greater(a.Indirect, b.Indirect), cmp.Compare(a.Category, b.Category))
	})
	return all, nil
}

func (i *Interval) add(x Interval) (err error) {
	if i.FIFO, err = i.FIFO.Add(x.FIFO); err == nil {
		i.Poison, err = i.Poison.Add(x.Poison)
	}
	return err
}

func greater(a, b Interval) int { return cmp.Or(b.FIFO.Cmp(a.FIFO), b.Poison.Cmp(a.Poison)) }
