package bitcoin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tamga/internal/address"
)

// Two P2WPKH programs whose scripts have one key: FNV-1a is no secure hash, and a
// lattice finds such a pair at once.
const (
	twinA = "d2e80f4947107e1ead3b7e731a2b3514ae39a6e3"
	twinB = "d319197fcb1146e7695534cc3f14090c5d0967e4"
)

// TestKeysCollide: of two addresses whose scripts share a key, each is in the wallet of
// who signed with it, whichever was seen first, and neither brings its wallet to the other.
func TestKeysCollide(t *testing.T) {
	script := func(program string) ([]byte, string) {
		s := append([]byte{0, 20}, fromHex(t, program)...)
		_, addr := address.FromScript(s, address.Regtest)
		return s, addr
	}
	a, addrA := script(twinA)
	b, addrB := script(twinB)
	if scriptKey(a) != scriptKey(b) || addrA == addrB {
		t.Fatal("the scripts share no key")
	}
	other := func(n byte) (hex, addr string) {
		s := append([]byte{0, 20}, make([]byte, 20)...)
		s[2] = n
		_, addr = address.FromScript(s, address.Regtest)
		return fmt.Sprintf("%x", s), addr
	}
	hexA, hexB := fmt.Sprintf("%x", a), fmt.Sprintf("%x", b)
	hexFriendA, friendA := other(1)
	hexFriendB, friendB := other(2)
	id := func(n int) string { return fmt.Sprintf("%064x", n) }
	for _, told := range []bool{false, true} {
		in := func(tx, vout int, script string) string {
			if !told {
				return fmt.Sprintf(`{"txid":"%s","vout":%d}`, id(tx), vout)
			}
			return fmt.Sprintf(`{"txid":"%s","vout":%d,"prevout":{"value":1.0,"scriptPubKey":{"hex":"%s"}}}`, id(tx), vout, script)
		}
		out := func(n int, script string) string {
			return fmt.Sprintf(`{"n":%d,"value":1.0,"scriptPubKey":{"hex":"%s"}}`, n, script)
		}
		tx := func(n int, ins, outs string) string {
			return fmt.Sprintf(`{"txid":"%s","height":%d,"vin":[%s],"vout":[%s]}`+"\n", id(n), n, ins, outs)
		}
		lines := tx(1, in(99, 0, hexFriendA), out(0, hexA)+","+out(1, hexB)+","+out(2, hexFriendA)+","+out(3, hexFriendB)) +
			tx(2, in(1, 0, hexA)+","+in(1, 2, hexFriendA), out(0, hexFriendB)) +
			tx(3, in(1, 1, hexB)+","+in(1, 3, hexFriendB), out(0, hexFriendA))
		dir := t.TempDir()
		if _, err := BuildTransactions(context.Background(), dir, strings.NewReader(lines), Options{Network: "regtest"}); err != nil {
			t.Fatal(err)
		}
		_, w := openWallets(t, dir)
		apart(t, w, addrA, friendA, addrB, friendB)
	}
}

// apart checks that each of two addresses is in its friend's wallet and not the other's.
func apart(t *testing.T, w *Wallets, addrA, friendA, addrB, friendB string) {
	t.Helper()
	ctx := context.Background()
	for _, x := range []struct{ one, friend, stranger, other string }{{addrA, friendA, friendB, addrB}, {addrB, friendB, friendA, addrA}} {
		v, err := w.Of(ctx, x.one, Now)
		if err != nil || !slices.Contains(v.Addresses, x.friend) || slices.Contains(v.Addresses, x.stranger) || slices.Contains(v.Addresses, x.other) {
			t.Errorf("%s: %+v %v, want %s and not %s", x.one, v, err, x.friend, x.stranger)
		}
		why, err := w.Why(ctx, x.one, x.friend, Now)
		if err != nil || !why.Same {
			t.Errorf("%+v %v", why, err)
		}
		if why, err = w.Why(ctx, x.one, x.other, Now); err != nil || why.Same {
			t.Errorf("%+v %v", why, err)
		}
	}
}
