package chaintest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// The serialisation here is written apart from chain/bitcoin on purpose: what
// one writes and the other reads is a test of both.

type hash [32]byte

// String is the hash as explorers print it: bytes reversed.
func (h hash) String() string {
	slices.Reverse(h[:])
	return hex.EncodeToString(h[:])
}

func doubleSHA(b []byte) hash {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

type wireIn struct {
	prev     hash
	vout     uint32
	script   []byte
	sequence uint32
	witness  [][]byte
}

type wireOut struct {
	value  int64
	script []byte
}

type wireTx struct {
	version  int32
	in       []wireIn
	out      []wireOut
	lockTime uint32
}

func appendSize(b []byte, n int) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	}
	return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
}

func appendBytes(b, v []byte) []byte { return append(appendSize(b, len(v)), v...) }

func (t *wireTx) hasWitness() bool {
	return slices.ContainsFunc(t.in, func(in wireIn) bool { return len(in.witness) > 0 })
}

func (t *wireTx) bytes(witness bool) []byte {
	witness = witness && t.hasWitness()
	b := binary.LittleEndian.AppendUint32(nil, uint32(t.version))
	if witness {
		b = append(b, 0, 1)
	}
	b = appendSize(b, len(t.in))
	for _, in := range t.in {
		b = append(b, in.prev[:]...)
		b = binary.LittleEndian.AppendUint32(b, in.vout)
		b = appendBytes(b, in.script)
		b = binary.LittleEndian.AppendUint32(b, in.sequence)
	}
	b = appendSize(b, len(t.out))
	for _, out := range t.out {
		b = binary.LittleEndian.AppendUint64(b, uint64(out.value))
		b = appendBytes(b, out.script)
	}
	if witness {
		for _, in := range t.in {
			b = appendSize(b, len(in.witness))
			for _, item := range in.witness {
				b = appendBytes(b, item)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b, t.lockTime)
}

func (t *wireTx) txid() hash  { return doubleSHA(t.bytes(false)) }
func (t *wireTx) wtxid() hash { return doubleSHA(t.bytes(true)) }

func merkleRoot(level []hash) hash {
	level = slices.Clone(level)
	for len(level) > 1 {
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := 0; i < len(level); i += 2 {
			level[i/2] = doubleSHA(append(slices.Clone(level[i][:]), level[i+1][:]...))
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

type header struct {
	version    int32
	prev, root hash
	time, bits uint32
	nonce      uint32
}

func (h *header) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 80), uint32(h.version))
	b = append(append(b, h.prev[:]...), h.root[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.time)
	b = binary.LittleEndian.AppendUint32(b, h.bits)
	return binary.LittleEndian.AppendUint32(b, h.nonce)
}

// regtestBits is regtest's target: every second hash will do.
const regtestBits = 0x207fffff

// solve counts the nonce up until the header's hash meets regtest's target.
func (h *header) solve() hash {
	for {
		if id := doubleSHA(h.bytes()); id[31] < 0x7f {
			return id
		}
		h.nonce++
	}
}

// scriptNumber pushes a number as CScript << n does (BIP-34's height).
func scriptNumber(n int64) []byte {
	switch {
	case n == 0:
		return []byte{0}
	case n <= 16:
		return []byte{byte(0x50 + n)}
	}
	var b []byte
	for v := n; v > 0; v >>= 8 {
		b = append(b, byte(v))
	}
	if b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
	}
	return append([]byte{byte(len(b))}, b...)
}
