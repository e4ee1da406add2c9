package bitcoin

import (
	"context"
	"slices"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// TestTraceMix goes through a mix and names it, stops before it when told to, and
// goes on where somebody answers for it; a bundle of each verifies.
func TestTraceMix(t *testing.T) {
	b := withMix(t, 60)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	txs := b.Txs()
	mix := txs[len(txs)-1]
	subject := mix.In[2].Prev
	name := subject.TxID + ":" + string(rune('0'+subject.Vout))
	for _, c := range []struct {
		o               chain.Options
		hops            bool
		stopped, assume bool
	}{
		{chain.Options{}, true, false, false},
		{chain.Options{StopMix: true}, false, true, false},
		{chain.Options{StopMix: true, Assume: []string{mix.TxID}}, true, false, true},
	} {
		c.o.Mix = Mixes("regtest")
		tr, err := chain.Trace(context.Background(), x, name, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if len(tr.Mixes) != 1 || tr.Mixes[0].TxID != mix.TxID || tr.Mixes[0].Stopped != c.stopped || tr.Mixes[0].Assumed != c.assume ||
			tr.Mixes[0].Kind == "" || tr.Mixes[0].Confidence == 0 || len(tr.Mixes[0].Reasons) == 0 {
			t.Fatalf("%+v", tr.Mixes)
		}
		ended := slices.Contains(tr.Ends, tamga.End{TxID: subject.TxID, Vout: subject.Vout, Reason: chain.EndMix})
		if len(tr.Hops) > 0 != c.hops || ended != c.stopped {
			t.Fatalf("%+v", tr)
		}
		if r := verify(t, bundleOf(t, x, name, c.o)); !r.OK {
			t.Fatalf("%+v", r)
		}
		back, err := chain.Trace(context.Background(), x, mix.TxID+":0", chain.Options{Direction: chain.Backward, StopMix: c.o.StopMix, Assume: c.o.Assume, Mix: c.o.Mix})
		if err != nil {
			t.Fatal(err)
		}
		if ended := slices.Contains(back.Ends, tamga.End{TxID: mix.TxID, Reason: chain.EndMix}); ended != c.stopped {
			t.Fatalf("back: %+v", back)
		}
	}
}

// TestMixesOfOneOwner: nothing else in the economy is told to be one.
func TestMixesOfOneOwner(t *testing.T) {
	mixes := 0
	for _, tx := range withMix(t, 60).Txs() {
		if m := Mixes("regtest")(tx); m != nil {
			mixes++
		}
	}
	if mixes != 1 {
		t.Fatalf("%d mixes, want the one", mixes)
	}
}
