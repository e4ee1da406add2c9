package risk

import (
	"slices"
	"time"

	"tamga"
	"tamga/chain"
)

// exposure adds what the traces of the subject touch that a tag calls one of some
// concepts: the subject itself, where its value went, where it came from.
func (v *view) exposure(f *Flag, concepts ...string) error {
	f.Parameters["hops"], f.Parameters["concepts"] = v.p.Hops, concepts
	seen := map[string]bool{}
	for _, c := range v.coins {
		if seen[c.addr] {
			continue
		}
		seen[c.addr] = true
		t, err := v.tagged(c.addr, concepts)
		if err != nil {
			return err
		}
		if t != nil {
			f.Evidence = append(f.Evidence, Evidence{What: "the subject itself", Address: c.addr, Tag: t})
		}
	}
	for _, tr := range []tamga.Trace{v.forward, v.backward} {
		what := "value went there"
		if tr.Direction == chain.Backward {
			what = "value came from there"
		}
		w := newWays(tr)
		for _, out := range w.order {
			addr := w.address(out)
			t, err := v.tagged(addr, concepts)
			if err != nil {
				return err
			}
			if t == nil {
				continue
			}
			amount, n := w.amount(out), out.Vout
			h := w.hops[out][0]
			e := Evidence{What: what, TxID: out.TxID, Vout: &n, Address: addr, Amount: &amount, Depth: h.Depth, Tag: t}
			if h.Time != nil {
				e.Time = stamp(*h.Time)
			}
			f.Evidence = append(f.Evidence, e)
		}
	}
	f.Met = len(f.Evidence) > 0
	return nil
}

// tagged is the surest tag of an address that is about one of some concepts.
func (v *view) tagged(addr string, concepts []string) (*tamga.Tag, error) {
	all, err := v.Tags(v.ctx, addr)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(t tamga.Tag) bool { return about(t, concepts...) })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}

// mixerExposure: value went through, or came from, a service or a transaction that
// mixes the coins of several owners.
func mixerExposure(v *view, f *Flag) error {
	if err := v.exposure(f, "mixing_service", "tumbler", "mixing", "coinjoin"); err != nil {
		return err
	}
	for _, tr := range []tamga.Trace{v.forward, v.backward} {
		for _, m := range tr.Mixes {
			if m.Kind == "none" || m.Kind == "payjoin" || m.Kind == "tx0" {
				continue // not named a mix, only not reasoned through
			}
			what := "value went through a " + m.Kind + " transaction"
			if tr.Direction == chain.Backward {
				what = "value came through a " + m.Kind + " transaction"
			}
			f.Evidence = append(f.Evidence, Evidence{What: what, TxID: m.TxID})
		}
	}
	f.Met = len(f.Evidence) > 0
	return nil
}

// p2pExposure: value went to, or came from, a peer-to-peer exchange.
func p2pExposure(v *view, f *Flag) error { return v.exposure(f, "peer_to_peer_exchange") }

// sanctionedExposure: value went to, or came from, an address that an authority
// listed. The date of each list stands with its tag: a name listed later is not on
// it.
func sanctionedExposure(v *view, f *Flag) error {
	if err := v.exposure(f, "sanction", "gov_black_list"); err != nil {
		return err
	}
	oldest := ""
	for _, e := range f.Evidence {
		if e.Tag.Date != "" && (oldest == "" || e.Tag.Date < oldest) {
			oldest = e.Tag.Date
		}
	}
	switch {
	case oldest != "":
		f.Parameters["oldest_list"] = oldest
	case v.Lists == "" && !f.Met:
		f.Withheld = "no sanctions list was imported"
	}
	if v.Lists != "" {
		f.Parameters["newest_list"] = v.Lists
	}
	return nil
}

// fanOut: soon after the value moved it is at several services.
func fanOut(v *view, f *Flag) error {
	const least, hours = 3, 24
	f.Parameters = map[string]any{"services": least, "window_hours": hours, "hops": v.p.Hops}
	arrivals, err := v.arrivals()
	if err != nil {
		return err
	}
	times := 0
	for _, a := range arrivals {
		if !a.at.IsZero() {
			times++
		}
	}
	if len(arrivals) >= least && times < len(arrivals) {
		f.Withheld = "the times of some blocks are not known"
		return nil
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
	var best []arrival
	here := map[string]int{} // arrivals of each service within the window
	for i, j := 0, 0; j < len(arrivals); j++ {
		here[arrivals[j].service.key()]++
		for ; arrivals[j].at.Sub(arrivals[i].at) > hours*time.Hour; i++ {
			k := arrivals[i].service.key()
			if here[k]--; here[k] == 0 {
				delete(here, k)
			}
		}
		if len(here) >= least && j-i+1 > len(best) {
			best = arrivals[i : j+1]
		}
	}
	f.Met = len(best) > 0
	for _, a := range best {
		f.Evidence = append(f.Evidence, a.evidence())
	}
	return nil
}
