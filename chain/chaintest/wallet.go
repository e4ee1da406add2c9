package chaintest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // what Bitcoin uses
	"tamga/internal/address"
)

// account is one address of a named wallet. Its "public key" is a hash: nobody
// has a private key for it, so a mistake can never move real money.
type account struct {
	wallet string
	kind   string
	pub    [33]byte
	redeem []byte // of a p2sh or p2wsh address
	script []byte
	addr   string
}

func hash160(b []byte) []byte {
	sum := sha256.Sum256(b)
	h := ripemd160.New()
	h.Write(sum[:])
	return h.Sum(nil)
}

func newAccount(seed, wallet, kind string, n int) (account, error) {
	a := account{wallet: wallet, kind: kind}
	key := sha256.Sum256(fmt.Appendf(nil, "chaintest\x00%s\x00%s\x00%d", seed, wallet, n))
	a.pub[0] = 2
	copy(a.pub[1:], key[:])
	switch kind {
	case "p2pkh":
		a.script = append(append([]byte{0x76, 0xa9, 20}, hash160(a.pub[:])...), 0x88, 0xac)
	case "p2sh":
		a.redeem = append([]byte{0, 20}, hash160(a.pub[:])...)
		a.script = append(append([]byte{0xa9, 20}, hash160(a.redeem)...), 0x87)
	case "p2wpkh":
		a.script = append([]byte{0, 20}, hash160(a.pub[:])...)
	case "p2wsh":
		a.redeem = append(append([]byte{33}, a.pub[:]...), 0xac)
		sum := sha256.Sum256(a.redeem)
		a.script = append([]byte{0, 32}, sum[:]...)
	case "p2tr":
		a.script = append([]byte{0x51, 32}, key[:]...)
	case "p2pk":
		a.script = append(append([]byte{33}, a.pub[:]...), 0xac)
	default:
		return a, fmt.Errorf("wallet %s: no address kind %q", wallet, kind)
	}
	_, a.addr = address.FromScript(a.script, address.Regtest)
	return a, nil
}

// unlock fills an input with a script and witness of the right shape. The
// signature is a hash and signs nothing.
func (a *account) unlock(in *wireIn) {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint32(append(a.pub[:], in.prev[:]...), in.vout))
	sig := []byte{0x30, 68, 2, 32}
	sig = append(append(append(sig, sum[:]...), 2, 32), sum[:]...)
	sig = append(sig, 1)
	push := func(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }
	switch a.kind {
	case "p2pk":
		in.script = push(sig)
	case "p2pkh":
		in.script = append(push(sig), push(a.pub[:])...)
	case "p2sh":
		in.script = push(a.redeem)
		in.witness = [][]byte{sig, a.pub[:]}
	case "p2wpkh":
		in.witness = [][]byte{sig, a.pub[:]}
	case "p2wsh":
		in.witness = [][]byte{sig, a.redeem}
	case "p2tr":
		in.witness = [][]byte{append(sum[:], sum[:]...)}
	}
}

// destination reads what an output pays: "data:TEXT" (an OP_RETURN), an
// address, else the name of a wallet.
func (b *Builder) destination(to string) ([]byte, error) {
	if text, ok := strings.CutPrefix(to, "data:"); ok {
		if len(text) > 75 {
			return nil, fmt.Errorf("output %q: more than 75 bytes of data", to)
		}
		return append([]byte{0x6a, byte(len(text))}, text...), nil
	}
	if a, ok := address.Parse(to); ok {
		return address.ToScript(a)
	}
	return b.main(to).script, nil
}
