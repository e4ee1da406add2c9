package evm

import (
	"encoding/hex"
	"fmt"
	"math/big"

	"golang.org/x/crypto/sha3"
)

// The forms of the Ethereum JSON-RPC specification. Each reads exactly its own:
// a text of another length, or that is no hexadecimal, is an error.

// hash is 32 bytes.
type hash [32]byte

func (h *hash) UnmarshalText(b []byte) error { return fixed(h[:], b) }

// UnmarshalText reads 0x and 40 digits.
func (a *Account) UnmarshalText(b []byte) error { return fixed(a[:], b) }

func fixed(to, text []byte) error {
	if len(text) != 2+2*len(to) || text[0] != '0' || text[1] != 'x' {
		return fmt.Errorf("%.80q is not 0x and %d digits", text, 2*len(to))
	}
	_, err := hex.Decode(to, text[2:])
	return err
}

// quantity is a whole number of at most 32 bytes.
type quantity struct{ *big.Int }

// UnmarshalJSON reads a quantity, or null. It hides big.Int's own form.
func (q *quantity) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("%.80q is no quantity", b)
	}
	return q.read(b[1 : len(b)-1])
}

func (q *quantity) read(b []byte) error {
	if len(b) < 3 || len(b) > 66 || b[0] != '0' || b[1] != 'x' {
		return fmt.Errorf("%.80q is no quantity of 1 to 32 bytes", b)
	}
	for _, c := range b[2:] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return fmt.Errorf("%.80q is no quantity", b)
		}
	}
	q.Int, _ = new(big.Int).SetString(string(b[2:]), 16)
	return nil
}

// known says whether the field was there.
func (q quantity) known() bool { return q.Int != nil }

// or0 is the number, 0 where the field was not there.
func (q quantity) or0() *big.Int {
	if q.Int == nil {
		return new(big.Int)
	}
	return q.Int
}

// height is a number of a block, a place in one or a time: less than 2^53, -1
// where it was not there or is more.
func (q quantity) height() int64 {
	if q.Int == nil || q.BitLen() > 53 {
		return -1
	}
	return q.Int64()
}

// blob is bytes of any length.
type blob []byte

func (d *blob) UnmarshalText(b []byte) error {
	if len(b) < 2 || b[0] != '0' || b[1] != 'x' {
		return fmt.Errorf("%.80q is no hexadecimal data", b)
	}
	*d = make([]byte, hex.DecodedLen(len(b)-2))
	_, err := hex.Decode(*d, b[2:])
	return err
}

func hexOf(h hash) string { return "0x" + hex.EncodeToString(h[:]) }

func tag(height int64) string { return fmt.Sprintf("0x%x", height) }

func keccak(b []byte) (h hash) {
	k := sha3.NewLegacyKeccak256()
	k.Write(b)
	k.Sum(h[:0])
	return h
}
