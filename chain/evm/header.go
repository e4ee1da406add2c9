package evm

import (
	"tamga/chain/rpc"
)

// header is a block's header (Yellow Paper §4.4.3 and the EIPs since). Fields
// that only its hash needs are read as bytes: TRON leaves some empty.
type header struct {
	Number     quantity `json:"number"`
	Hash       *hash    `json:"hash"`
	Parent     hash     `json:"parentHash"`
	Timestamp  quantity `json:"timestamp"`
	Miner      blob     `json:"miner"`
	Uncles     blob     `json:"sha3Uncles"`
	State      blob     `json:"stateRoot"`
	TxRoot     blob     `json:"transactionsRoot"`
	Receipts   blob     `json:"receiptsRoot"`
	Bloom      blob     `json:"logsBloom"`
	Difficulty quantity `json:"difficulty"`
	GasLimit   quantity `json:"gasLimit"`
	GasUsed    quantity `json:"gasUsed"`
	Extra      blob     `json:"extraData"`
	Mix        blob     `json:"mixHash"`
	Nonce      blob     `json:"nonce"`

	BaseFee      quantity `json:"baseFeePerGas"`         // EIP-1559
	Withdrawn    *hash    `json:"withdrawalsRoot"`       // EIP-4895
	BlobGas      quantity `json:"blobGasUsed"`           // EIP-4844
	ExcessBlob   quantity `json:"excessBlobGas"`         // EIP-4844
	ParentBeacon *hash    `json:"parentBeaconBlockRoot"` // EIP-4788
	Requests     *hash    `json:"requestsHash"`          // EIP-7685
	AccessList   *hash    `json:"blockAccessListHash"`   // EIP-7928
	Slot         quantity `json:"slotNumber"`            // EIP-7843
}

func (h *header) height() int64 { return h.Number.height() }

// check compares the header's hash with its fields. TRON's blocks have a hash of
// another make, which its Ethereum dialect does not hold the fields of.
func (h *header) check(n Network) error {
	if got := h.sum(); !n.tron && got != *h.Hash {
		return rpc.Lie("block %d: its hash is not that of its header", h.height())
	}
	return nil
}

// sum is the hash of the header's fields.
func (h *header) sum() hash {
	list := [][]byte{
		rlpBytes(h.Parent[:]), rlpBytes(h.Uncles), rlpBytes(h.Miner), rlpBytes(h.State), rlpBytes(h.TxRoot),
		rlpBytes(h.Receipts), rlpBytes(h.Bloom), rlpInt(h.Difficulty), rlpInt(h.Number), rlpInt(h.GasLimit),
		rlpInt(h.GasUsed), rlpInt(h.Timestamp), rlpBytes(h.Extra), rlpBytes(h.Mix), rlpBytes(h.Nonce),
	}
	for _, q := range []struct {
		number quantity
		hash   *hash
	}{
		{h.BaseFee, nil}, {quantity{}, h.Withdrawn}, {h.BlobGas, nil}, {h.ExcessBlob, nil}, {quantity{}, h.ParentBeacon},
		{quantity{}, h.Requests}, {quantity{}, h.AccessList}, {h.Slot, nil},
	} {
		switch {
		case q.hash != nil:
			list = append(list, rlpBytes(q.hash[:]))
		case q.number.known():
			list = append(list, rlpInt(q.number))
		}
	}
	return keccak(rlpList(list...))
}

// rlpBytes, rlpInt and rlpList write RLP (Yellow Paper, appendix B).
func rlpBytes(b []byte) []byte {
	if len(b) == 1 && b[0] < 0x80 {
		return b
	}
	return append(rlpHead(0x80, len(b)), b...)
}

func rlpInt(q quantity) []byte { return rlpBytes(q.or0().Bytes()) }

func rlpList(items ...[]byte) []byte {
	size := 0
	for _, b := range items {
		size += len(b)
	}
	out := rlpHead(0xc0, size)
	for _, b := range items {
		out = append(out, b...)
	}
	return out
}

func rlpHead(base byte, n int) []byte {
	if n < 56 {
		return []byte{base + byte(n)}
	}
	var size []byte
	for v := n; v > 0; v >>= 8 {
		size = append([]byte{byte(v)}, size...)
	}
	return append([]byte{base + 55 + byte(len(size))}, size...)
}
