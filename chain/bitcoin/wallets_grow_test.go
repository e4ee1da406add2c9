package bitcoin

import (
	"context"
	"slices"
	"testing"

	"tamga"
)

// TestWalletsGrow: while the chain grows a wallet keeps its members, and its name unless
// it joins one with an earlier member, whose name it takes; what
// the partition was at a height stays what it was, and so it is under decisions, but for
// those that are taken since.
func TestWalletsGrow(t *testing.T) {
	ctx := context.Background()
	b := ownersEconomy(t, 3)
	f := newBlkFolder(t, 7)
	dir := t.TempDir()
	addrs := b.Addresses("a")
	decisions := []tamga.Decision{
		{ID: 1, Kind: tamga.Forbid, A: addrs[0], B: addrs[2]},
		{ID: 2, Kind: tamga.Assert, A: addrs[1], B: b.Address("b")},
	}
	type key struct {
		addr   string
		height int64
	}
	names := map[bool]map[string]bool{false: {}, true: {}}
	before := map[bool]map[key]tamga.Wallet{false: {}, true: {}}
	for tip := b.Height() / 3; ; tip += b.Height() / 4 {
		tip = min(tip, b.Height())
		f.append(t, b, tip)
		mustBuild(t, dir, f.dir, Options{})
		_, w := openWallets(t, dir)
		for _, heeds := range []bool{false, true} {
			if heeds {
				if err := w.Decide(ctx, decisions, nil); err != nil {
					t.Fatal(err)
				}
			}
			for k, was := range before[heeds] {
				then, err := w.Of(ctx, k.addr, k.height)
				if err != nil || then.ID != was.ID || !slices.Equal(then.Addresses, was.Addresses) {
					t.Fatalf("%s at %d, decisions %v: %+v %v, was %+v", k.addr, k.height, heeds, then, err, was)
				}
				now, err := w.Of(ctx, k.addr, Now)
				if err != nil || !names[heeds][now.ID] {
					t.Fatalf("%s is in %s, which was no wallet's name before: %v", k.addr, now.ID, err)
				}
				for _, a := range was.Addresses {
					if !slices.Contains(now.Addresses, a) {
						t.Fatalf("the wallet of %s lost %s", k.addr, a)
					}
				}
			}
			for v, err := range w.All(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				before[heeds][key{v.Addresses[len(v.Addresses)-1], tip}] = v
				names[heeds][v.ID] = true
			}
		}
		if tip == b.Height() {
			break
		}
	}
	if len(before[true]) < 50 {
		t.Fatalf("%d wallets", len(before[true]))
	}
}
