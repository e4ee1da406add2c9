package extract

import (
	"strings"

	"tamga"
	"tamga/internal/address"
)

// Confidence in what was read.
const (
	sureCoin     = 1.0
	likelyCoin   = 0.9 // the likelier of two chains that share a form
	namedCoin    = 0.8 // no checksum, but the text says what it is
	brokenKey    = 0.5 // a right checksum over what BIP-32 forbids
	loneCoin     = 0.4 // no checksum, and nothing else in the text
	unlikelyCoin = 0.3
)

// maxCoin is the longest run that is offered to the readers of invoices and
// unified addresses.
const maxCoin = 8192

// longCoin says whether a run longer than any other identifier starts as one that
// may be: an invoice, an offer, an LNURL, a unified address.
func longCoin(run string) bool {
	if len(run) > maxCoin {
		return false
	}
	switch run[0] | 0x20 {
	case 'l':
		return run[1]|0x20 == 'n'
	case 'u':
		head := strings.ToLower(run[:9])
		return head[1] == '1' || strings.HasPrefix(head, "utest1") || head == "uregtest1"
	}
	return false
}

// wallet reports a run that is an address, a transaction or a private key. start
// moves back over a prefix that belongs to it.
func (s *scan) wallet(start, end int) bool {
	word := s.s[start:end]
	if all := address.ParseAll(word); len(all) > 0 {
		if n := s.scheme(start); n > 0 && all[0].Chain == address.BitcoinCash {
			if whole := address.ParseAll(s.s[start-n : end]); len(whole) == 0 {
				return true // the prefix of another network
			}
			start -= n
		}
		s.addresses(all, start, end)
		return true
	}
	if secret, ok := address.ParseSecret(word); ok {
		s.secret(secret, word, start, end)
		return true
	}
	return s.shape(start, end)
}

// scheme is the length of a prefix of Bitcoin Cash that ends at i, its colon
// included; 0 for none.
func (s *scan) scheme(i int) int {
	if i == 0 || s.s[i-1] != ':' {
		return 0
	}
	n := 1
	for n < 12 && i-n > 0 && isLetter(s.s[i-n-1]) {
		n++
	}
	if n < 3 {
		return 0
	}
	return n
}

// addresses reports the readings of one run, one finding a chain.
func (s *scan) addresses(all []address.Address, start, end int) {
	named := uint32(0)
	cues := s.reader.cues
	first := all[0]
	shared := len(all) > 1
	legacy := first.Chain == address.Bitcoin && first.Network == address.Mainnet && (first.Kind == "p2pkh" || first.Kind == "p2sh")
	if shared || legacy {
		named = cues.near(s.s, s.low, start, end)
	}
	if legacy && named&cues.bit[address.BitcoinCash] != 0 {
		cash := first
		cash.Chain = address.BitcoinCash
		all, shared = append(all, cash), true
	}
	for _, a := range all {
		confidence := sureCoin
		if shared {
			other := a.Chain != address.Bitcoin
			switch said := named&cues.bit[a.Chain] != 0; {
			case said, !other && named&(cues.bit[address.Litecoin]|cues.bit[address.BitcoinCash]) == 0:
				confidence = likelyCoin
			default:
				confidence = unlikelyCoin
			}
		} else if strings.HasSuffix(a.Kind, "ub") && !a.ValidKey() {
			confidence = brokenKey
		}
		s.address(a, ruleAddress(a.Chain), confidence, start, end)
	}
}

func (s *scan) address(a address.Address, rule string, confidence float64, start, end int) {
	f := tamga.Finding{
		Type: tamga.FindAddress, Value: a.Value, Rule: rule, Confidence: confidence, Valid: true,
		Chain: a.Chain, Kind: a.Kind,
	}
	if a.Network != address.Mainnet {
		f.Network = a.Network
	}
	s.add(f, start, end)
}

func ruleAddress(chain string) string {
	if chain == address.Bitcoin {
		return "btc-address@1"
	}
	return chain + "-address@1"
}

// shape reports a run without a checksum where the text around it says what it
// is, or where there is no other text.
func (s *scan) shape(start, end int) bool {
	t := s.s
	if end < len(t) && strings.IndexByte("+=_", t[end]) >= 0 || start > 0 && strings.IndexByte("+_.@", t[start-1]) >= 0 {
		return false // part of a longer encoded string
	}
	if n := hexDigits(t[start:end]); n == 64 {
		return s.hash(start, end)
	}
	for _, a := range address.Shapes(t[start:end]) {
		if c := s.reason(a.Chain, start, end); c > 0 {
			s.address(a, a.Chain+"-context@1", c, start, end)
			return true
		}
	}
	return false
}

// hexDigits is the number of hexadecimal digits of a run that holds nothing else
// but 0x before them; 0 where it does.
func hexDigits(run string) int {
	if len(run) == 66 && run[:2] == "0x" {
		run = run[2:]
	}
	if len(run) != 64 || !isHex(run) {
		return 0
	}
	return 64
}

// hash reports 64 hexadecimal digits: after a workchain an account of TON, else a
// transaction or a private key where a word says so.
func (s *scan) hash(start, end int) bool {
	t := s.s
	for _, head := range []string{"-1:", "0:"} {
		from := start - len(head)
		if from < 0 || t[from:start] != head || from > 0 && wordByte(t, from) {
			continue
		}
		for _, a := range address.Shapes(t[from:end]) {
			if c := s.reason(a.Chain, from, end); c > 0 {
				s.address(a, "ton-context@1", c, from, end)
				return true
			}
		}
	}
	named := s.reader.cues.near(t, s.low, start, end)
	bit := s.reader.cues.bit
	if named&bit[cueKey] != 0 {
		s.secret(address.Secret{Kind: "key"}, string(s.low[start:end]), start, end)
		return true
	}
	f := tamga.Finding{Type: tamga.FindTxID, Value: string(s.low[start:end]), Rule: "txid@1", Confidence: namedCoin, Valid: true}
	if strings.HasPrefix(f.Value, "0x") {
		f.Chain = address.Ethereum
	}
	switch {
	case named&bit[cueTx] != 0:
	case s.alone(start, end):
		f.Confidence = loneCoin
	default:
		return false
	}
	s.add(f, start, end)
	return true
}

// reason is the confidence that a candidate is an address of the chain; 0 where
// nothing speaks for it.
func (s *scan) reason(chain string, start, end int) float64 {
	cues := s.reader.cues
	switch named := cues.near(s.s, s.low, start, end); {
	case named&(cues.bit[chain]|cues.bit[cueWallet]) != 0:
		return namedCoin
	case s.alone(start, end):
		return loneCoin
	}
	return 0
}

// alone says whether the text is a cell that holds nothing else.
func (s *scan) alone(start, end int) bool {
	const around = " \t\r\n\"'`<>()[].,;:"
	if !s.cell {
		return false
	}
	for start > 0 && strings.IndexByte(around, s.s[start-1]) >= 0 {
		start--
	}
	for end < len(s.s) && strings.IndexByte(around, s.s[end]) >= 0 {
		end++
	}
	return start == 0 && end == len(s.s)
}

// tonLength is the length of a friendly address of TON.
const tonLength = 48

// ton reads a friendly address of TON, which may hold signs that end a run, from
// its first two letters; it returns the end of it, 0 where there is none.
func (s *scan) ton(i int) int {
	end := i + tonLength
	if end > len(s.s) || end < len(s.s) && (isName(s.s[end]) || s.s[end] == '-') {
		return 0
	}
	for k := i; k < end; k++ {
		if c := s.s[k]; !isName(c) && c != '-' && c != '+' && c != '/' {
			return 0
		}
	}
	all := address.ParseAll(s.s[i:end])
	if len(all) != 1 || all[0].Chain != address.TON {
		return 0
	}
	s.address(all[0], ruleAddress(address.TON), sureCoin, i, end)
	return end
}
