package bitcoin

import "encoding/binary"

// row is a row of a sorted table: a key of 64 evenly spread bits, the number of a
// transaction, and which of its inputs or outputs.
type row struct {
	key  uint64
	a, b uint32
}

func (r row) bytes(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.key) // so that bytes sort as keys do
	b = binary.LittleEndian.AppendUint32(b, r.a)
	return binary.LittleEndian.AppendUint32(b, r.b)
}

func rowAt(r []byte) row {
	return row{binary.BigEndian.Uint64(r), binary.LittleEndian.Uint32(r[8:]), binary.LittleEndian.Uint32(r[12:])}
}

// noAddress marks a row of the paid table whose script has no address.
const noAddress = 1 << 31

// mix spreads 64 bits evenly (the finaliser of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// The three keys. Two different things may share a key: whoever looks one up
// compares with what the row points at.

func txidKey(id []byte) uint64 { return binary.BigEndian.Uint64(id) }

func outpointKey(id []byte, vout uint32) uint64 {
	return mix(binary.BigEndian.Uint64(id) + uint64(vout)*0x9e3779b97f4a7c15)
}

// scriptKey is FNV-1a over the script, spread evenly.
func scriptKey(script []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range script {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return mix(h)
}
