package chaintest

import (
	"crypto/sha256"
	"encoding/binary"

	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // what Bitcoin uses
)

// Kinds of scripts of a synthetic chain.
const (
	payPubkeyHash = iota
	payNested     // P2SH of a P2WPKH
	payMultisig   // P2SH of two of three keys
	payWitness    // P2WPKH
	payWitnessMultisig
	payTaproot
	payPubkey
)

// kindOf draws the kind of addresses that an owner's wallet makes, roughly as outputs of
// the real chain are: P2PKH and P2SH before 2018, P2WPKH and P2TR since.
func kindOf(percent int) byte {
	switch {
	case percent < 48:
		return payPubkeyHash
	case percent < 57:
		return payNested
	case percent < 71:
		return payMultisig
	case percent < 92:
		return payWitness
	case percent < 93:
		return payWitnessMultisig
	case percent < 99:
		return payTaproot
	}
	return payPubkey
}

// keyring derives everything of an account from its number: nothing of it is kept. The
// "public keys" are numbers that nobody has a private key for.
type keyring struct {
	seed uint64
	buf  []byte
	pub  [3][33]byte
}

// bytes are n pseudo-random bytes of an account and a purpose, valid until the next call
// (SplitMix64: Steele, Lea and Flood 2014).
func (k *keyring) bytes(account, purpose uint64, n int) []byte {
	k.buf = k.buf[:0]
	x := k.seed ^ account*0xd1342543de82ef95 ^ purpose*0x9e3779b97f4a7c15
	for len(k.buf) < n {
		x += 0x9e3779b97f4a7c15
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		k.buf = binary.LittleEndian.AppendUint64(k.buf, z^z>>31)
	}
	return k.buf[:n]
}

func (k *keyring) key(account uint64, i int) *[33]byte {
	b := k.bytes(account, uint64(i), 33)
	k.pub[i] = [33]byte(b)
	k.pub[i][0] = 2 + b[0]&1
	return &k.pub[i]
}

// redeem is the script behind a P2SH or P2WSH address.
func (k *keyring) redeem(b []byte, kind byte, account uint64) []byte {
	if kind == payNested {
		return k.hash160(append(b, 0, 20), k.key(account, 0)[:])
	}
	b = append(b, 0x52)
	for i := range 3 {
		b = append(append(b, 33), k.key(account, i)[:]...)
	}
	return append(b, 0x53, 0xae)
}

// script appends the output script of an account.
func (k *keyring) script(b []byte, kind byte, account uint64) []byte {
	var scratch [128]byte
	switch kind {
	case payPubkeyHash:
		return append(k.hash160(append(b, 0x76, 0xa9, 20), k.key(account, 0)[:]), 0x88, 0xac)
	case payNested, payMultisig:
		return append(k.hash160(append(b, 0xa9, 20), k.redeem(scratch[:0], kind, account)), 0x87)
	case payWitness:
		return k.hash160(append(b, 0, 20), k.key(account, 0)[:])
	case payWitnessMultisig:
		sum := sha256.Sum256(k.redeem(scratch[:0], kind, account))
		return append(append(b, 0, 32), sum[:]...)
	case payTaproot:
		return append(append(b, 0x51, 32), k.key(account, 0)[1:]...)
	}
	return append(append(append(b, 33), k.key(account, 0)[:]...), 0xac)
}

func (k *keyring) hash160(b, data []byte) []byte {
	sum := sha256.Sum256(data)
	h := ripemd160.New()
	h.Write(sum[:])
	return h.Sum(b)
}

// signature appends what looks like an ECDSA signature in DER with its hash type; every
// second has a 33-byte r, as real ones do.
func (k *keyring) signature(b []byte, account, nonce uint64) []byte {
	r := k.bytes(account, nonce, 64)
	if r[0]&1 == 0 {
		b = append(b, 0x30, 68, 2, 32, r[0]&0x7f)
	} else {
		b = append(b, 0x30, 69, 2, 33, 0, r[0]|0x80)
	}
	b = append(append(b, r[1:32]...), 2, 32, r[32]&0x7f)
	return append(append(b, r[33:64]...), 1)
}

// unlock appends the input script and the witness that spend an account's output.
func (k *keyring) unlock(script, witness []byte, c *poolCoin, nonce uint64) (_, _ []byte) {
	var scratch [256]byte
	push := func(to, b []byte) []byte { return append(append(to, byte(len(b))), b...) }
	switch c.kind {
	case payPubkeyHash:
		script = push(script, k.signature(scratch[:0], c.account, nonce))
		return push(script, k.key(c.account, 0)[:]), append(witness, 0)
	case payNested, payWitness:
		if c.kind == payNested {
			script = push(script, k.redeem(scratch[:0], c.kind, c.account))
		}
		witness = push(append(witness, 2), k.signature(scratch[:0], c.account, nonce))
		return script, push(witness, k.key(c.account, 0)[:])
	case payMultisig:
		script = append(script, 0)
		for i := range uint64(2) {
			script = push(script, k.signature(scratch[:0], c.account, nonce+i<<40))
		}
		script = append(script, 0x4c) // the redeem script is longer than a direct push
		return push(script, k.redeem(scratch[:0], c.kind, c.account)), append(witness, 0)
	case payWitnessMultisig:
		witness = append(witness, 4, 0)
		for i := range uint64(2) {
			witness = push(witness, k.signature(scratch[:0], c.account, nonce+i<<40))
		}
		return script, push(witness, k.redeem(scratch[:0], c.kind, c.account))
	case payTaproot:
		return script, push(append(witness, 1), k.bytes(c.account, nonce, 64))
	}
	return push(script, k.signature(scratch[:0], c.account, nonce)), append(witness, 0)
}
