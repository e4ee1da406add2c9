package coinjoin

import (
	"fmt"
	"testing"

	"tamga"
)

// made is a transaction of invented scripts: values of the inputs and outputs,
// all of one script type, each with an owner of its own.
func made(kind string, height int64, in, out []int64) *tamga.Tx {
	tx := &tamga.Tx{TxID: "t", Height: height, Version: 2}
	for i, v := range in {
		tx.In = append(tx.In, tamga.TxIn{
			Prev: tamga.Outpoint{TxID: fmt.Sprintf("p%d", i)}, Known: true, Value: tamga.NewAmount(v, "BTC"), Address: fmt.Sprintf("in%d", i), Type: kind,
		})
	}
	for i, v := range out {
		tx.Out = append(tx.Out, tamga.TxOut{N: uint32(i), Value: tamga.NewAmount(v, "BTC"), Address: fmt.Sprintf("out%d", i), Type: kind})
	}
	return tx
}

func data(tx *tamga.Tx) *tamga.Tx {
	tx.Out = append(tx.Out, tamga.TxOut{N: uint32(len(tx.Out)), Type: "nulldata"})
	return tx
}

// nothing takes away all that a source may not know.
func nothing(tx *tamga.Tx) *tamga.Tx {
	tx.Height, tx.Version = -1, 0
	for i := range tx.In {
		tx.In[i].Known, tx.In[i].Value, tx.In[i].Address, tx.In[i].Type = false, tamga.Amount{}, "", ""
	}
	return tx
}

func repeat(v int64, n int) (out []int64) {
	for range n {
		out = append(out, v)
	}
	return out
}

// ramp is n different values from v on, upwards or downwards by step.
func ramp(v, step int64, n int) (out []int64) {
	for i := range n {
		out = append(out, v+int64(i)*step)
	}
	return out
}

func whirl() *tamga.Tx {
	return made(witnessKey, 700_000, append(repeat(5_000_000, 3), 5_010_000, 5_012_000), repeat(5_000_000, 5))
}

func wasabiOne() *tamga.Tx {
	return made(witnessKey, 600_000, ramp(15_000_000, 7919, 30), append(append(repeat(10_012_345, 25), repeat(20_024_690, 3)...), ramp(1_234_567, 10007, 20)...))
}

func wasabiTwo() *tamga.Tx {
	out := append(append(append(repeat(134_217_728, 3), repeat(86_093_442, 4)...), repeat(50_000_000, 5)...), repeat(10_000_000, 6)...)
	out = append(out, 9_999_321, 5000)
	return made(witnessKey, 760_000, ramp(200_000_000, -1_234_567, 40), out)
}

// join is a round of four makers, one with two coins, and a taker who sweeps: each
// maker gets his coins back, with a little for it.
func join() *tamga.Tx {
	const v, gain = 35_281_835, 3_000
	return made(witnessKey, 500_000, []int64{v + 1_234_567, v + 2_012_344, v + 2_790_121, v - 600_000, 4_167_898, v + 4*gain + 9_000},
		append(repeat(v, 5), 1_234_567+gain, 2_012_344+gain, 2_790_121+gain, 3_567_898+gain))
}

// tenths is a round of eleven who take about a tenth of a bitcoin each.
func tenths(height int64) *tamga.Tx {
	const v, gain = 10_332_842, 1_000
	change := ramp(1_234_567, 777_777, 10)
	in := []int64{v + 10*gain + 9_000}
	for i := range change {
		in = append(in, v+change[i])
		change[i] += gain
	}
	return made(witnessKey, height, in, append(repeat(v, 11), change...))
}

// two is a payment with two equal outputs and change of two sizes, from coins of
// the values given.
func two(a, b int64) *tamga.Tx {
	return made(witnessKey, 600_000, []int64{a, b}, []int64{30_000_000, 30_000_000, 40_999_000, 9_990_000})
}

func TestClassify(t *testing.T) {
	batch := made(witnessKey, 600_000, []int64{900_000_000}, append(repeat(10_000_000, 20), 1_234_567))
	for name, x := range map[string]struct {
		tx                *tamga.Tx
		kind              string
		coinjoin, abstain bool
	}{
		"whirlpool":                       {whirl(), Whirlpool, true, true},
		"whirlpool, nothing known":        {nothing(whirl()), Whirlpool, true, true},
		"no pool's denomination":          {made(witnessKey, 700_000, append(repeat(5_100_001, 4), 5_200_000), repeat(5_100_001, 5)), Other, true, true},
		"wasabi 1":                        {wasabiOne(), Wasabi1, true, true},
		"wasabi 1, nothing known":         {nothing(wasabiOne()), Wasabi1, true, true},
		"wasabi 2":                        {wasabiTwo(), Wasabi2, true, true},
		"wasabi 2, nothing known":         {nothing(wasabiTwo()), Wasabi2, true, true},
		"wasabi 2 before its time":        {func() *tamga.Tx { x := wasabiTwo(); x.Height = 700_000; return x }(), Other, true, true},
		"joinmarket":                      {join(), JoinMarket, true, true},
		"joinmarket, nothing known":       {nothing(join()), JoinMarket, true, true},
		"its form before it was there":    {func() *tamga.Tx { x := join(); x.Height = 300_000; return x }(), Other, true, true},
		"tx0":                             {data(made(witnessKey, 650_000, []int64{30_000_000}, append(repeat(5_012_000, 5), 175_000, 4_700_000))), Tx0, false, false},
		"payment":                         {made(witnessKey, 600_000, []int64{70_000, 80_000}, []int64{100_000, 49_000}), None, false, false},
		"batch of equal payments":         {batch, None, false, false},
		"consolidation":                   {made(witnessKey, 600_000, ramp(10_000, 17, 50), []int64{500_000}), None, false, false},
		"airdrop of dust":                 {made(witnessKey, 600_000, ramp(10_000, 17, 30), repeat(546, 20)), None, false, false},
		"payjoin":                         {made(witnessKey, 700_000, []int64{912_345, 300_111}, []int64{801_234, 410_987}), PayJoin, false, false},
		"a payer who is among the paid":   {func() *tamga.Tx { x := join(); x.Out[0].Address = "in0"; return x }(), None, false, true},
		"one who takes twice":             {func() *tamga.Tx { x := join(); x.Out[0].Address = x.Out[1].Address; return x }(), None, false, false},
		"changes that no coins add up to": {made(witnessKey, 500_000, ramp(71_111_111, 3_333_331, 6), append(repeat(35_281_835, 5), ramp(1_234_567, 777_777, 4)...)), Other, true, true},
		"of JoinMarket or of Wasabi 1":    {tenths(600_000), Other, true, true},
		"before there was a Wasabi":       {tenths(500_000), JoinMarket, true, true},
		"two who mix":                     {two(71_000_000, 40_000_000), None, false, true},
		"two equal payments of coins that do not split": {two(55_000_000, 56_000_000), None, false, false},
		"a small round of WabiSabi":                     {made(taproot, 760_000, ramp(30_000_000, -3_000_017, 5), []int64{43_046_721, 16_777_216, 8_388_608, 2_097_152, 1_594_323, 1_234_567, 262_144}), Wasabi2, true, true},
		"round values, sorted":                          {made(witnessKey, 760_000, ramp(3_000_000, -11_000, 20), append(repeat(500_000, 2), append(repeat(20_000, 2), repeat(10_000, 30)...)...)), None, false, true},
		"too poor to mix":                               {made(witnessKey, 500_000, append(repeat(1_000, 5), 200_000_000), append(repeat(35_281_835, 5), ramp(1_234_567, 777_777, 4)...)), None, false, true},
	} {
		got := Classify(x.tx, "mainnet")
		if got.Kind != x.kind || got.Coinjoin != x.coinjoin || got.Abstain != x.abstain || got.Abstain != Abstains(x.tx, "mainnet") {
			t.Errorf("%s: %+v, want %s, coinjoin %v, abstain %v", name, got, x.kind, x.coinjoin, x.abstain)
		}
		if got.Kind != None && (len(got.Reasons) == 0 || got.Confidence <= 0 || got.Confidence > 1) {
			t.Errorf("%s: %+v: no reason, or a confidence that is none", name, got)
		}
	}
	cb := Classify(&tamga.Tx{TxID: "c", In: []tamga.TxIn{{Coinbase: true}}, Out: whirl().Out}, "mainnet")
	if cb.Coinjoin || cb.Abstain {
		t.Errorf("coinbase: %+v", cb)
	}
	if c := Classify(&tamga.Tx{}, "mainnet"); c.Kind != None {
		t.Errorf("nothing: %+v", c)
	}
}

// TestOtherNetworks: heights of a test network say nothing.
func TestOtherNetworks(t *testing.T) {
	tx := join()
	tx.Height = 221
	if got := Classify(tx, "regtest"); got.Kind != JoinMarket {
		t.Errorf("%+v", got)
	}
}

// TestOrder: the class does not depend on the order of the outputs, but for the
// one protocol that sorts them.
func TestOrder(t *testing.T) {
	for _, tx := range []*tamga.Tx{whirl(), wasabiOne(), join()} {
		want := Classify(tx, "mainnet").Kind
		for i, j := 0, len(tx.Out)-1; i < j; i, j = i+1, j-1 {
			tx.Out[i], tx.Out[j] = tx.Out[j], tx.Out[i]
		}
		if got := Classify(tx, "mainnet").Kind; got != want {
			t.Errorf("%s turned round is %s", want, got)
		}
	}
	two := wasabiTwo()
	two.Out[0], two.Out[10] = two.Out[10], two.Out[0]
	if got := Classify(two, "mainnet"); got.Kind == Wasabi2 || !got.Abstain {
		t.Errorf("unsorted: %+v", got)
	}
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte{5, 5, 1, 2, 3, 4, 5}, []byte{9, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, in, out []byte) {
		big := func(bs []byte) (vs []int64) {
			for _, b := range bs {
				vs = append(vs, int64(b)<<(b%56))
			}
			return vs
		}
		for _, tx := range []*tamga.Tx{made(witnessKey, int64(len(in)), big(in), big(out)), data(made(taproot, -1, big(in), big(out)))} {
			c := Classify(tx, "mainnet")
			if c.Coinjoin && !c.Abstain {
				t.Errorf("%+v", c)
			}
		}
	})
}
