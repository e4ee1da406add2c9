package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tamga"
	"tamga/chain"
)

// from names an input: by address, else by the output it spends.
func from(in tamga.HopIn) string {
	switch {
	case in.Coinbase:
		return "newly made"
	case in.Address != "" || in.Vout == nil:
		return in.Address
	}
	return fmt.Sprintf("%s:%d", in.TxID, *in.Vout)
}

// to names an output: by address, else by its place.
func to(h tamga.Hop) string {
	if h.Out.Address != "" {
		return h.Out.Address
	}
	return fmt.Sprintf("%s:%d", h.TxID, h.Out.N)
}

// endings say in words why a trace ended.
var endings = map[string]string{
	chain.EndUnspent:  "nothing has spent it, as far as this ledger goes",
	chain.EndHops:     "as many transactions away as were asked for",
	chain.EndValue:    "too little of the subject's value left to follow",
	chain.EndTime:     "outside the time asked for",
	chain.EndFanout:   "a transaction of more outputs than asked for",
	chain.EndTag:      "a tagged address",
	chain.EndMix:      "a transaction of several owners, which hides who paid whom",
	chain.EndUnknown:  "the ledger at hand does not hold what comes next",
	chain.EndCoinbase: "newly made here",
	chain.EndFee:      "a part was paid to the miner as fee",
}

func printTrace(out io.Writer, tr tamga.Trace, fiat string) error {
	fmt.Fprintf(out, "%s %s by %s (a method's answer, not a fact of the ledger)\n", tr.Subject, tr.Direction, tr.Method)
	if len(tr.Hops) > 0 {
		if err := printHops(out, tr.Hops, fiat); err != nil {
			return err
		}
	}
	for _, e := range tr.Ends {
		why := e.Reason + ": " + endings[e.Reason]
		if e.Tag != nil {
			why = fmt.Sprintf("tag  %s (%s)", e.Tag.Label, tagWords(*e.Tag))
		}
		fmt.Fprintf(out, "end  %s:%d  %s\n", e.TxID, e.Vout, why)
	}
	for _, b := range tr.Bounds {
		fmt.Fprintf(out, "at   %s:%d  fifo %s, haircut %s, poison %s\n", b.TxID, b.Vout, sum(b.FIFO), sum(b.Haircut), sum(b.Poison))
	}
	return nil
}

func printHops(out io.Writer, hops []tamga.Hop, fiat string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	base := "base units"
	if hops[0].Amount.Asset == "BTC" {
		base = "satoshi"
	}
	head := "depth\ttime (UTC)\t" + unit(hops[0].Amount) + "\t" + base + "\t"
	if fiat != "" {
		head += "worth\t"
	}
	fmt.Fprintln(w, head+"from\tto\ttransaction\t")
	var used []tamga.Fiat
	missing := map[string]bool{}
	for _, h := range hops {
		worth := ""
		switch {
		case fiat == "":
		case h.Fiat != nil:
			worth = h.Fiat.Value + " " + h.Fiat.Currency + "\t"
			if n := len(used); n == 0 || used[n-1].Date != h.Fiat.Date {
				used = append(used, *h.Fiat)
			}
		default:
			worth = "no rate\t"
			missing[dayOf(h.Time)] = true
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s%s\t%s\t%s\t\n", h.Depth, minute(h.Time), whole(h.Amount), h.Amount, worth, from(h.In), to(h), h.TxID)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	told := map[string]bool{}
	for _, f := range used {
		if !told[f.Date] {
			told[f.Date] = true
			fmt.Fprintf(out, "rate %s: 1 %s = %s %s (%s)\n", f.Date, unit(hops[0].Amount), f.Rate, f.Currency, f.Source)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(out, "rate none for %d of the days: no value is guessed for them (tamga rates list)\n", len(missing))
	}
	return nil
}

// minute is a time to the minute, or "unknown".
func minute(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func dayOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// tagWords say where a tag is from, how sure it is and of when.
func tagWords(t tamga.Tag) string {
	s := t.Source
	if t.Confidence > 0 {
		s += fmt.Sprintf(", confidence %d of 100", t.Confidence)
	}
	if t.Date != "" {
		s += ", of " + t.Date
	}
	if t.By != "" {
		s += ", by the wallet it shares with " + t.Address
	}
	return s
}
