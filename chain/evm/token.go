package evm

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tamga"
)

// maxSymbol bounds what a contract may call itself, in characters.
const maxSymbol = 32

// describe tells what the contracts of tokens say of themselves.
func (l *Ledger) describe(ctx context.Context, used []asset) ([]tamga.Asset, error) {
	out := []tamga.Asset{}
	seen := map[asset]bool{}
	for _, a := range used {
		if seen[a] {
			continue
		}
		seen[a] = true
		v := tamga.Asset{Asset: l.asset(a), Symbol: l.Coin}
		if a.standard == coin {
			decimals := 18
			v.Decimals = &decimals
		} else {
			info, err := l.info(ctx, a.contract)
			if err != nil {
				return nil, err
			}
			v.Symbol, v.Decimals = info.Symbol, nil
			if a.standard == fungible {
				v.Decimals = info.Decimals
			}
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b tamga.Asset) int { return strings.Compare(a.Asset, b.Asset) })
	return out, nil
}

// info is a contract's word for its token's symbol and decimals (ERC-20).
func (l *Ledger) info(ctx context.Context, contract Account) (v tamga.Asset, err error) {
	if v, ok := l.infos[contract]; ok {
		return v, nil
	}
	at := tag(l.span.To)
	if l.tron {
		at = "latest" // it knows no other
	}
	ask := func(signature string) ([]byte, error) {
		id := keccak([]byte(signature))
		out, ok, err := l.read(ctx, contract, id[:4], at)
		if !ok {
			return nil, err
		}
		return out, err
	}
	text, err := ask("symbol()")
	if err != nil {
		return v, err
	}
	v.Symbol = symbol(text)
	number, err := ask("decimals()")
	if err != nil {
		return v, err
	}
	if n := new(big.Int).SetBytes(number); len(number) == 32 && n.IsInt64() && n.Int64() <= 255 {
		decimals := int(n.Int64())
		v.Decimals = &decimals
	}
	l.infos[contract] = v
	return v, nil
}

// symbol reads a string of the ABI, or the 32 bytes that early contracts answer,
// as plain printable text of bounded length; "" for anything else. It says what
// the contract says: two contracts may say the same.
func symbol(b []byte) string {
	switch {
	case len(b) == 32:
		b = []byte(strings.TrimRight(string(b), "\x00"))
	case len(b) >= 64:
		at := new(big.Int).SetBytes(b[:32])
		if at.Cmp(big.NewInt(int64(len(b)-32))) > 0 {
			return ""
		}
		n := new(big.Int).SetBytes(b[at.Int64() : at.Int64()+32])
		b = b[at.Int64()+32:]
		if n.Cmp(big.NewInt(int64(len(b)))) > 0 {
			return ""
		}
		b = b[:n.Int64()]
	default:
		return ""
	}
	if len(b) > maxSymbol*utf8.UTFMax {
		b = b[:maxSymbol*utf8.UTFMax]
	}
	var out []rune
	for _, r := range string(b) {
		if r != utf8.RuneError && unicode.IsPrint(r) && len(out) < maxSymbol {
			out = append(out, r)
		}
	}
	return strings.TrimSpace(string(out))
}
