package link

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tamga"
)

// between is the link of two names; its score is 0 where there is none.
func between(links []tamga.Link, a, b string) tamga.Link {
	for _, l := range links {
		if l.A.Name == a && l.B.Name == b || l.A.Name == b && l.B.Name == a {
			return l
		}
	}
	return tamga.Link{}
}

func TestEachKindOfEvidence(t *testing.T) {
	terms := "We pack each order twice and post it before noon on every working day. Nobody gets a refund who did not wait for two full weeks. " +
		"If the envelope looks opened please send us one photograph of both sides. We answer letters in the evening and never on a Sunday. " +
		"Those who threaten us with a bad rating will simply be blocked for good. Samples are for regular customers with ten orders or more only."
	for _, c := range []struct {
		kind string
		a, b Persona
		same bool
	}{
		{"pgp", Persona{Keys: []string{"AAAA"}}, Persona{Keys: []string{"aaaa", "BBBB"}}, true},
		{"mail", Persona{Mails: []string{"demo@mail.example"}}, Persona{Mails: []string{"Demo@mail.example"}}, true},
		{"contact", Persona{Contacts: []string{"wickr:demo"}}, Persona{Contacts: []string{"wickr:demo"}}, true},
		{"wallet", Persona{Wallets: []string{"bitcoin:demo"}}, Persona{Wallets: []string{"bitcoin:demo"}}, true},
		{"text", Persona{Bio: terms}, Persona{Texts: []string{strings.ToUpper(terms)}}, true},
		{"bio", Persona{Bio: strings.ReplaceAll(terms, ".", ",")}, Persona{Bio: strings.ReplaceAll(terms, ".", " -")}, true},
		{"text", Persona{Bio: "We pack each order twice and post it before noon."}, Persona{Bio: "We pack each order twice and post it before noon."}, false},
	} {
		a, b := c.a, c.b
		a.Name, a.Market, b.Name, b.Market = "blueheron", "one", "redkestrel", "two"
		l := between(Vendors([]Persona{a, b, {Name: "quietharbour", Market: "two"}}, 0), a.Name, b.Name)
		if (l.Score >= Same) != c.same {
			t.Errorf("%s: score %.4f, %+v", c.kind, l.Score, l.Reasons)
		}
		found := false
		for _, r := range l.Reasons {
			found = found || r.Kind == c.kind && r.Weight > 0
		}
		if !found {
			t.Errorf("%s is no reason of %+v", c.kind, l.Reasons)
		}
	}
}

// What many have says nothing: a market's key, a boilerplate sentence.
func TestCrowdIsNoEvidence(t *testing.T) {
	var all []Persona
	for i := range 40 {
		all = append(all, Persona{
			Name: fmt.Sprintf("%c%c%cvendor%c", 'a'+i%26, 'b'+i/3%20, 'c'+i*7%20, 'a'+i*11%26), Market: fmt.Sprint("market ", i%4),
			Keys: []string{"0123456789ABCDEF"}, Contacts: []string{"telegram:market_support"},
			Bio: "Please leave feedback when your order arrives and read the rules of the market.",
		})
	}
	for _, l := range Vendors(all, Same) {
		t.Errorf("%s and %s: %.3f %+v", l.A.Name, l.B.Name, l.Score, l.Reasons)
	}
}

func TestNames(t *testing.T) {
	links := Vendors([]Persona{
		{Name: "qvorzetter", Market: "one"}, {Name: "Qvorzetter", Market: "two"},
		{Name: "kingpharma", Market: "one"}, {Name: "kingpharmacy", Market: "two"},
		{Name: "dealer", Market: "one"}, {Name: "dealer", Market: "two"},
	}, 0)
	if l := between(links, "qvorzetter", "Qvorzetter"); l.Score < Same {
		t.Errorf("a rare name on two markets: %.3f", l.Score)
	}
	if l := between(links, "kingpharma", "kingpharmacy"); l.Score >= Same {
		t.Errorf("two names of common words: %.3f", l.Score)
	}
	if l := between(links, "dealer", "dealer"); l.Score >= Same {
		t.Errorf("a common word on two markets: %.3f", l.Score)
	}
	// On one market a like name is another's; the same name is the account itself.
	links = Vendors([]Persona{{Name: "qvorzetter", Market: "one"}, {Name: "qvorzetter2", Market: "one"}, {Name: "qvorzetter", Market: "one", ID: "again"}}, 0)
	if l := between(links, "qvorzetter", "qvorzetter2"); l.Score >= Same {
		t.Errorf("an imitator: %.3f", l.Score)
	}
	if l := between(links, "qvorzetter", "qvorzetter"); l.Score < 0.99 || l.Reasons[0].Kind != "account" {
		t.Errorf("one account twice: %+v", l)
	}
}

// Different keys speak against, and do not outweigh a shared one.
func TestOtherKeys(t *testing.T) {
	score := func(a, b []string) float64 {
		return Vendors([]Persona{{Name: "qvorzet", Market: "one", Keys: a}, {Name: "qvorzet", Market: "two", Keys: b}}, 0)[0].Score
	}
	bare, other, shared := score(nil, nil), score([]string{"A"}, []string{"B"}), score([]string{"A", "C"}, []string{"C", "D"})
	if !(other < bare && bare < shared) {
		t.Errorf("bare %.4f, other keys %.4f, shared key %.4f", bare, other, shared)
	}
}

// The result does not depend on the order of the personas or on maps.
func TestDeterministic(t *testing.T) {
	all := crowd(300)
	want := fmt.Sprint(Vendors(all, 0.1))
	for range 3 {
		if got := fmt.Sprint(Vendors(all, 0.1)); got != want {
			t.Fatal("two runs differ")
		}
	}
}

// crowd is n personas of whom some share a key, a sentence or most of their name,
// and all share some sentence with many.
func crowd(n int) []Persona {
	rnd := rand.New(rand.NewPCG(7, uint64(n)))
	all := make([]Persona, n)
	for i := range all {
		var name strings.Builder
		for range 6 + rnd.IntN(8) {
			name.WriteByte('a' + byte(rnd.IntN(26)))
		}
		all[i] = Persona{
			ID: fmt.Sprint(i), Name: name.String(), Market: fmt.Sprint("market ", i%7), Keys: []string{fmt.Sprint(rnd.IntN(n * 9 / 10))},
			Bio: strings.Join(prose(rnd, 60), " ") + ". Please read the rules of this market before you order from us.",
		}
	}
	return all
}

// Ten times the personas give about ten times the pairs that are looked at, not a
// hundred: counted, not timed.
func TestPairsGrowLinearly(t *testing.T) {
	pairs := func(n int) int {
		c := newCollection(crowd(n))
		c.values("pgp", func(p *Persona) []string { return p.Keys })
		c.sentences()
		c.sketches()
		c.names()
		return len(c.found)
	}
	small, large := pairs(500), pairs(5000)
	if small == 0 || large > 20*small {
		t.Errorf("%d pairs of 500 personas, %d of 5000", small, large)
	}
}

func BenchmarkVendors(b *testing.B) {
	all := crowd(10000)
	for b.Loop() {
		Vendors(all, Same)
	}
}
