package risk

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
	"tamga/chain/tags"
)

// town is a synthetic ledger with the tags and rates of a test.
type town struct {
	*chaintest.Builder
	t    *testing.T
	tags map[string][]tamga.Tag
	rate string
}

func newTown(t *testing.T, seed string) *town {
	b := chaintest.New(seed)
	b.Clock(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))
	return &town{Builder: b, t: t, tags: map[string][]tamga.Tag{}}
}

func (w *town) tag(wallet, actor, category string) {
	a := w.Address(wallet)
	w.tags[a] = append(w.tags[a], tamga.Tag{
		Address: a, Label: actor, Actor: actor, Category: category, Source: "https://tags.example/" + actor, Confidence: 50, Date: "2024-01-01",
	})
}

const btc = 100_000_000

// fund gives a wallet a coin from nowhere: a coinbase, which matures first.
func (w *town) fund(wallets ...string) {
	for _, name := range wallets {
		w.Mine(name)
	}
	for range 100 {
		w.Mine("nobody")
	}
}

func (w *town) pay(from string, outs ...chaintest.Out) string {
	w.t.Helper()
	id, err := w.Pay(from, 1000, outs...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Mine("nobody")
	return id
}

func (w *town) facts() *Facts {
	f := &Facts{
		Source: w.Source(),
		Tags:   func(_ context.Context, a string) ([]tamga.Tag, error) { return w.tags[a], nil },
		Actor: func(_ context.Context, id string) (tags.Actor, bool, error) {
			return tags.Actor{ID: id, Label: "The " + id, Jurisdictions: []string{"KZ"}}, id == "bursa", nil
		},
	}
	if w.rate != "" {
		f.Value = func(_ context.Context, a tamga.Amount, at time.Time) (*tamga.Fiat, error) {
			return &tamga.Fiat{Currency: "USD", Value: w.rate}, nil
		}
	}
	return f
}

// flag asks one rule about a subject.
func (w *town) flag(subject, name string) Flag {
	w.t.Helper()
	flags, err := w.facts().Assess(context.Background(), subject, Params{Hops: 6, Currency: "USD"})
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(flags, func(f Flag) bool { return f.Rule == name })
	if i < 0 || len(flags) != len(rules) {
		w.t.Fatalf("no rule %s in %d flags", name, len(flags))
	}
	return flags[i]
}

func (w *town) want(subject, name string, met bool) Flag {
	w.t.Helper()
	f := w.flag(subject, name)
	if f.Met != met {
		w.t.Errorf("%s: met %v, want %v (%d pieces, withheld %q)", name, f.Met, met, len(f.Evidence), f.Withheld)
	}
	if met && len(f.Evidence) == 0 {
		w.t.Errorf("%s: met without evidence", name)
	}
	if len(f.Parameters) == 0 {
		w.t.Errorf("%s: no parameters", name)
	}
	return f
}

func to(wallet string, value int64) chaintest.Out { return chaintest.Out{To: wallet, Value: value} }

func TestDepositAndVASP(t *testing.T) {
	w := newTown(t, "vasp")
	w.tag("hot", "bursa", "exchange")
	w.tag("loner", "dice", "gambling")
	w.fund("suspect", "friend", "rich")
	dep := w.Address("deposit")
	w.pay("friend", to(dep, btc))
	first, err := w.Spend(coinsOf(w, "deposit"), to(w.Address("hot"), btc-1000))
	if err != nil {
		t.Fatal(err)
	}
	w.Mine("nobody")
	mule := w.Address("mule")
	start := w.pay("suspect", to(mule, 3*btc))
	w.pay("mule", to(dep, 2*btc), to(w.Address("loner"), btc/2))
	second, err := w.Spend(coinsOf(w, "deposit"), to(w.Address("hot"), 2*btc-1000))
	if err != nil {
		t.Fatal(err)
	}
	w.Mine("nobody")

	f := w.facts()
	d, err := f.Deposit(context.Background(), dep)
	if err != nil || d == nil {
		t.Fatalf("no deposit address: %v", err)
	}
	if want := (Deposit{dep, "The bursa", 2, []string{first, second}, depositRule}); fmt.Sprint(*d) != fmt.Sprint(want) {
		t.Errorf("deposit %+v, want %+v", *d, want)
	}
	own, err := f.VASPs(context.Background(), dep, optionsOf("forward"))
	if err != nil || own.Deposit == nil || own.Deposit.Service != "The bursa" || own.Services[0].Amount.String() != fmt.Sprint(3*btc-2000) {
		t.Errorf("of the deposit address itself: %+v %v", own, err)
	}
	for _, wallet := range []string{"mule", "hot", "suspect", "nobody"} {
		if d, err := f.Deposit(context.Background(), w.Address(wallet)); err != nil || d != nil {
			t.Errorf("%s taken for a deposit address: %+v %v", wallet, d, err)
		}
	}

	r, err := f.VASPs(context.Background(), mule, optionsOf("forward"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Services) != 2 {
		t.Fatalf("services %+v", r.Services)
	}
	s := r.Services[0]
	if s.Name != "The bursa" || s.Jurisdictions[0] != "KZ" || s.Amount.String() != fmt.Sprint(2*btc-1000) || len(s.Tags) != 1 {
		t.Errorf("first service %+v", s.Service)
	}
	a := s.Arrivals[0]
	if a.TxID != second || a.Deposit == nil || a.Deposit.Address != dep || len(a.Path) != 2 || a.Path[0].In.TxID != start {
		t.Errorf("arrival %+v", a)
	}
	if got := r.Services[1]; got.Name != "dice" || got.Amount.String() != fmt.Sprint(btc/2) {
		t.Errorf("second service %+v", got)
	}
	back, err := f.VASPs(context.Background(), second, optionsOf("backward"))
	if err != nil || len(back.Services) != 0 || back.Unnamed == 0 {
		t.Errorf("backward %+v %v", back, err)
	}
}

func coinsOf(w *town, wallet string) (out []tamga.Outpoint) {
	for _, c := range w.Coins(wallet) {
		out = append(out, c.Outpoint)
	}
	return out
}

func TestStructuring(t *testing.T) {
	w := newTown(t, "structuring")
	w.fund("payer")
	a := w.Address("subject")
	for range 3 {
		w.pay("payer", to(a, btc))
		w.Wait(5 * time.Hour)
	}
	if f := w.want(a, "structuring", false); f.Withheld == "" {
		t.Error("judged without rates")
	}
	w.rate = "950.00"
	if f := w.want(a, "structuring", true); len(f.Evidence) != 3 {
		t.Errorf("%d pieces", len(f.Evidence))
	}
	for _, r := range []string{"1000.00", "799.99", "10050.00"} {
		w.rate = r
		w.want(a, "structuring", false)
	}
}

func TestRapidMovement(t *testing.T) {
	w := newTown(t, "rapid")
	w.fund("payer")
	a := w.Address("subject")
	w.pay("payer", to(a, btc))
	w.pay("subject", to("elsewhere", btc-1000))
	w.want(a, "rapid-movement", true)
	w.pay("payer", to(a, 2*btc)) // and most of it stays
	w.want(a, "rapid-movement", false)
	w.want(w.Address("elsewhere"), "rapid-movement", false)
}

func TestDormant(t *testing.T) {
	w := newTown(t, "dormant")
	w.fund("payer")
	a, b := w.Address("sleeper"), w.Address("trickle")
	w.pay("payer", to(a, 4*btc), to(b, 4*btc), to(b, 4*btc), to(b, 4*btc))
	w.Wait(200 * 24 * time.Hour)
	w.pay("sleeper", to("x", 4*btc-1000))
	if f := w.want(a, "dormant-then-sudden", true); len(f.Evidence) != 1 {
		t.Errorf("evidence %+v", f.Evidence)
	}
	if _, err := w.Spend(coinsOf(w, "trickle")[:1], to("y", 4*btc-1000)); err != nil {
		t.Fatal(err)
	}
	w.Mine("nobody")
	w.want(b, "dormant-then-sudden", false) // a third of it
}

func TestFanOut(t *testing.T) {
	w := newTown(t, "fan")
	for i := range 3 {
		w.tag(fmt.Sprint("hot", i), fmt.Sprint("exchange", i), "exchange")
	}
	w.fund("payer")
	a := w.Address("subject")
	w.pay("payer", to(a, 10*btc))
	w.pay("subject", to("hot0", btc), to("hot1", btc))
	w.want(a, "fan-out-to-services", false)
	w.pay("subject", to("hot2", btc))
	if f := w.want(a, "fan-out-to-services", true); len(f.Evidence) != 3 || f.Evidence[0].Tag == nil {
		t.Errorf("evidence %+v", f.Evidence)
	}
}

func TestAccumulation(t *testing.T) {
	w := newTown(t, "accumulation")
	w.tag("hot", "bursa", "exchange")
	var payers []string
	for i := range 11 {
		payers = append(payers, fmt.Sprint("payer", i))
	}
	w.fund(payers...)
	a := w.Address("subject")
	for i, p := range payers {
		w.pay(p, to(a, btc))
		if i == 8 {
			w.want(a, "accumulation-then-cash-out", false)
		}
	}
	w.want(a, "accumulation-then-cash-out", false) // not cashed out
	w.pay("subject", to("hot", 11*btc-1000))
	if f := w.want(a, "accumulation-then-cash-out", true); len(f.Evidence) != 12 {
		t.Errorf("%d pieces", len(f.Evidence))
	}
}

func TestPeelChain(t *testing.T) {
	w := newTown(t, "peel")
	w.fund("subject")
	start := w.Address("subject")
	for i := range 6 {
		w.pay("subject", to(fmt.Sprint("shop", i), btc))
		if i == 2 {
			w.want(start, "peel-chain", false)
		}
	}
	if f := w.want(start, "peel-chain", true); len(f.Evidence) < 5 {
		t.Errorf("%d pieces", len(f.Evidence))
	}
}

func TestExposure(t *testing.T) {
	w := newTown(t, "exposure")
	w.tag("blender", "blender", "mixing_service")
	w.tag("market", "p2p", "peer_to_peer_exchange")
	listed := w.Address("listed")
	w.tags[listed] = []tamga.Tag{{Address: listed, Label: "Demo list", Abuse: "sanction", Source: "https://list.example", Confidence: 60, Date: "2020-02-02"}}
	w.fund("blender", "listed", "clean")
	a := w.Address("subject")
	w.pay("blender", to("between", 2*btc))
	w.pay("between", to(a, btc))
	w.pay("clean", to(a, 3*btc))
	w.pay("subject", to("market", btc/2))
	if f := w.want(a, "sanctioned-exposure", false); f.Withheld == "" {
		t.Error("judged without a list")
	}
	f := w.want(a, "mixer-exposure", true)
	if e := f.Evidence[0]; e.Depth != 2 || e.What != "value came from there" || e.Tag.Label != "blender" {
		t.Errorf("evidence %+v", e)
	}
	w.want(a, "p2p-exposure", true)
	w.pay("subject", to(listed, btc/4))
	f = w.want(a, "sanctioned-exposure", true)
	if f.Parameters["oldest_list"] != "2020-02-02" {
		t.Errorf("parameters %v", f.Parameters)
	}
	if f := w.want(listed, "sanctioned-exposure", true); f.Evidence[0].What != "the subject itself" {
		t.Errorf("evidence %+v", f.Evidence)
	}
	c := w.Address("clean2")
	w.pay("clean", to(c, btc))
	for _, r := range []string{"sanctioned-exposure", "mixer-exposure", "p2p-exposure"} {
		w.want(c, r, false)
	}
}

func optionsOf(direction string) chain.Options { return chain.Options{Direction: direction} }
