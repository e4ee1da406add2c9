package coinjoin

import (
	"fmt"
	"slices"

	"tamga"
)

// dust is the value below which equal outputs say nothing, in satoshi.
const dust = 5000

// coin is an input or output; what is not known of an input is zero and says so.
type coin struct {
	value int64
	known bool
	owner string // its script's address, or what stands for it
	kind  string // Bitcoin Core's name of the script type
}

// group is outputs of one value.
type group struct {
	value int64
	n     int
}

// shape is what the rules look at, worked out once.
type shape struct {
	in, out  []coin  // out without those that nobody can spend
	data     int     // outputs that carry data
	owners   int     // different scripts of the inputs
	known    bool    // every input's value and script is known
	distinct bool    // no two outputs share a script
	shared   int     // outputs whose script an earlier one has
	standard int     // outputs of the standard values of WabiSabi
	odd      int     // those of them that nobody would choose by himself
	values   int     // different values among the standard ones
	groups   []group // values that more than one output has, most frequent first
	repeated int     // outputs in groups
	mode     group   // the most frequent value above dust, the greater of equals
	height   int64   // -1 unknown
	version  int32
	test     bool // of a test network, where heights and least numbers mean nothing
}

func shapeOf(tx *tamga.Tx) *shape {
	s := &shape{height: tx.Height, version: tx.Version, known: true, distinct: true}
	owners := map[string]bool{}
	for i := range tx.In {
		in := &tx.In[i]
		c := coin{known: in.Known, owner: in.Address, kind: in.Type}
		if in.Known {
			c.value, _ = in.Value.Int64()
		} else {
			s.known = false
		}
		if c.owner == "" { // an unknown script, or one without an address
			c.owner = fmt.Sprintf("%s:%d", in.Prev.TxID, in.Prev.Vout)
		}
		owners[c.owner] = true
		s.in = append(s.in, c)
	}
	s.owners = len(owners)
	scripts := map[string]bool{}
	counts := map[int64]int{}
	for i := range tx.Out {
		o := &tx.Out[i]
		if o.Type == "nulldata" {
			s.data++
			continue
		}
		c := coin{known: true, owner: o.Address, kind: o.Type}
		c.value, _ = o.Value.Int64()
		if c.owner != "" {
			if scripts[c.owner] {
				s.distinct = false
				s.shared++
			}
			scripts[c.owner] = true
		}
		counts[c.value]++
		if odd, ok := denominations[c.value]; ok {
			s.standard++
			if counts[c.value] == 1 {
				s.values++
			}
			if odd {
				s.odd++
			}
		}
		s.out = append(s.out, c)
	}
	for v, n := range counts {
		if n > 1 {
			s.groups = append(s.groups, group{v, n})
			s.repeated += n
		}
	}
	slices.SortFunc(s.groups, func(a, b group) int {
		if a.n != b.n {
			return b.n - a.n
		}
		if a.value > b.value {
			return -1
		}
		return 1
	})
	for _, g := range s.groups {
		if g.value >= dust {
			s.mode = g
			break
		}
	}
	return s
}

// suspect is why several owners may have made the transaction, whatever the
// protocol, "" where nothing says so. It names no kind.
func (s *shape) suspect() string {
	if len(s.in) < 2 || 10*s.shared > len(s.out) {
		return ""
	}
	if s.odd > 0 && len(s.out) >= 3 || len(s.in) >= 5 && s.owners >= 3 && s.values >= 2 && s.standard >= 4 && 2*s.standard >= len(s.out) {
		return fmt.Sprintf("%d of %d outputs are of WabiSabi's standard values, %d of them powers of two or three", s.standard, len(s.out), s.odd)
	}
	if s.pair() {
		return fmt.Sprintf("2 outputs are of %d satoshi each, and some inputs alone pay for one with its change", s.mode.value)
	}
	if len(s.in) >= 5 && len(s.groups) >= 2 && 5*s.repeated >= 4*len(s.out) {
		return fmt.Sprintf("%d of %d outputs repeat one of %d values", s.repeated, len(s.out), len(s.groups))
	}
	if k := s.mode.n; k >= 3 && k <= len(s.in) && 2*k >= len(s.out)-1 {
		return fmt.Sprintf("%d of %d outputs are of %d satoshi each, with %d inputs", k, len(s.out), s.mode.value, len(s.in))
	}
	if k := s.mode.n; k >= 10 && s.owners >= k && 4*k >= len(s.out) {
		return fmt.Sprintf("%d of %d outputs are of %d satoshi each, with inputs of %d scripts", k, len(s.out), s.mode.value, s.owners)
	}
	return ""
}

// decomposed says whether balances were split into the standard values of
// WabiSabi, in however small a round: powers of two and three are no prices. One
// such output is reason enough to abstain, but not to name anything: in 36,405
// transactions of the main chain before WabiSabi there is none.
func (s *shape) decomposed() bool {
	return s.odd >= 2 && 4*s.standard >= len(s.out) || s.odd >= 1 && s.standard >= 3 && 2*s.standard >= len(s.out)
}

// pair says whether two may have made the transaction: two equal outputs with at
// most two of change, and inputs that split into what each would need. A wallet
// that makes a payment look like that is not told from two owners, which is what
// it is made for.
func (s *shape) pair() bool {
	rest := len(s.out) - s.mode.n
	if s.mode.n != 2 || rest < 1 || rest > 2 || !s.distinct || s.data > 0 || s.owners < 2 || s.reused() > 0 {
		return false
	}
	matched, _, _ := s.parties()
	return matched >= 1
}

// only says whether every output and known input is of one of the script types.
func (s *shape) only(kinds ...string) bool {
	for _, c := range s.out {
		if !slices.Contains(kinds, c.kind) {
			return false
		}
	}
	for _, c := range s.in {
		if c.kind != "" && !slices.Contains(kinds, c.kind) {
			return false
		}
	}
	return true
}

// reused is how many outputs pay a script that an input spent from.
func (s *shape) reused() (n int) {
	from := map[string]bool{}
	for _, c := range s.in {
		from[c.owner] = true
	}
	for _, c := range s.out {
		if c.owner != "" && from[c.owner] {
			n++
		}
	}
	return n
}

// paysTo says whether an output pays one of the addresses.
func (s *shape) paysTo(addrs ...string) bool {
	return slices.ContainsFunc(s.out, func(c coin) bool { return slices.Contains(addrs, c.owner) })
}

func total(cs []coin) (sum int64) {
	for _, c := range cs {
		sum += c.value
	}
	return sum
}
