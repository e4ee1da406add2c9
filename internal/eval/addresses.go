package main

import (
	"bufio"
	"encoding/json"
	"slices"
	"strings"

	"tamga"
)

// vectorTypes says which finding a type of the address vectors asks for; the
// chain is empty for other types.
var vectorTypes = map[string]struct {
	find  tamga.FindingType
	chain string
}{
	"btc_base58": {tamga.FindAddress, "bitcoin"}, "btc_segwit": {tamga.FindAddress, "bitcoin"}, "xpub": {tamga.FindAddress, "bitcoin"},
	"bch": {tamga.FindAddress, "bitcoin-cash"}, "ltc_base58": {tamga.FindAddress, "litecoin"}, "ltc_segwit": {tamga.FindAddress, "litecoin"},
	"doge": {tamga.FindAddress, "dogecoin"}, "dash": {tamga.FindAddress, "dash"}, "zec_t": {tamga.FindAddress, "zcash"},
	"eth": {tamga.FindAddress, "ethereum"}, "tron": {tamga.FindAddress, "tron"}, "xmr": {tamga.FindAddress, "monero"},
	"xmr_testnet": {tamga.FindAddress, "monero"}, "ton": {tamga.FindAddress, "ton"}, "sol": {tamga.FindAddress, "solana"},
	"bolt11": {tamga.FindAddress, "lightning"}, "bolt11_semantic_invalid": {tamga.FindAddress, "lightning"},
	"wif": {tamga.FindSecret, ""}, "onion3": {tamga.FindOnion, ""}, "iban": {tamga.FindAccount, ""}, "card": {tamga.FindAccount, ""},
}

// addresses holds the recognisers to the address vectors, each as the whole of a
// text and within a sentence. A false accept is a finding of the type over a
// vector that is not valid, on whatever chain.
func addresses(t *table) error {
	f, err := t.open("address_vectors.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	groups := map[string]*[4]int{} // valid, missed, invalid, accepted
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var v struct {
			Type, Value string
			Valid       bool
		}
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			return err
		}
		want := vectorTypes[v.Type]
		group := "coins"
		switch {
		case want.find == tamga.FindAccount:
			group = "cards and IBAN"
		case want.find == tamga.FindOnion:
			group = "onions"
		}
		g := groups[group]
		if g == nil {
			g = new([4]int)
			groups[group] = g
		}
		for _, text := range []string{v.Value, "send to " + v.Value + " now"} {
			at := strings.Index(text, v.Value)
			fs, _ := t.reader.Text(text)
			found := slices.ContainsFunc(fs, func(f tamga.Finding) bool {
				return f.Type == want.find && f.Valid && f.Start < at+len(v.Value) && f.End > at &&
					(!v.Valid || want.chain == "" || f.Chain == want.chain || want.chain == "bitcoin-cash" && f.Kind == "p2sh")
			})
			switch {
			case v.Valid:
				g[0]++
				if !found {
					g[1]++
				}
			default:
				g[2]++
				if found {
					g[3]++
				}
			}
		}
	}
	for _, group := range []string{"coins", "onions", "cards and IBAN"} {
		if g := groups[group]; g != nil {
			const set = "address vectors, bare and in a sentence"
			t.rows = append(t.rows,
				row{what: "false rejects, " + group, set: set, got: float64(g[1]), n: g[0], atMost: true},
				row{what: "false accepts, " + group, set: set, got: float64(g[3]), n: g[2], atMost: true})
		}
	}
	return nil
}
