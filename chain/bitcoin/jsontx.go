package bitcoin

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"tamga/internal/address"
)

// jsonTx is a transaction as Bitcoin Core (getrawtransaction and getblock with
// prevouts) or Esplora prints it. What only one of them has is empty for the
// other. Field names differ in case alone in two places; encoding/json does not
// tell those apart, so they are read as raw text and told apart by their form.
type jsonTx struct {
	TxID     string   `json:"txid"`
	Hash     string   `json:"hash"` // Core: wtxid
	Version  int64    `json:"version"`
	LockTime uint32   `json:"locktime"`
	Vin      jsonIns  `json:"vin"`
	Vout     jsonOuts `json:"vout"`

	BlockHash string `json:"blockhash"` // Core
	BlockTime int64  `json:"blocktime"` // Core
	Height    *int64 `json:"height"`    // of the block, as some servers add it
	Status    *struct {
		Confirmed   bool   `json:"confirmed"`
		BlockHeight *int64 `json:"block_height"`
		BlockHash   string `json:"block_hash"`
		BlockTime   int64  `json:"block_time"`
	} `json:"status"` // Esplora
}

type jsonIn struct {
	Coinbase   string          `json:"coinbase"`    // Core
	IsCoinbase bool            `json:"is_coinbase"` // Esplora
	TxID       string          `json:"txid"`
	Vout       uint32          `json:"vout"`
	Sequence   *uint32         `json:"sequence"`
	Prevout    json.RawMessage `json:"prevout"`
}

type jsonOut struct {
	N       *uint32         `json:"n"`            // Core
	Value   json.Number     `json:"value"`        // Core: bitcoins; Esplora: satoshis
	Script  json.RawMessage `json:"scriptpubkey"` // Core (scriptPubKey): an object; Esplora: hexadecimal
	Address string          `json:"scriptpubkey_address"`
}

// jsonBlock is a block as getblock with verbosity 2 or 3 prints it.
type jsonBlock struct {
	Hash   string          `json:"hash"`
	Height *int64          `json:"height"`
	Time   int64           `json:"time"`
	Tx     json.RawMessage `json:"tx"` // a list
}

type jsonIns []jsonIn

type jsonOuts []jsonOut

// UnmarshalJSON refuses a list of more inputs than its text has room for, before
// it makes room for them: each but a coinbase's names a transaction.
func (v *jsonIns) UnmarshalJSON(text []byte) error {
	n, err := roomFor(text, len(`{"txid":""}`)+64)
	*v = make(jsonIns, 0, n)
	if err == nil {
		err = json.Unmarshal(text, (*[]jsonIn)(v))
	}
	return err
}

// UnmarshalJSON does so for outputs: each has a value.
func (v *jsonOuts) UnmarshalJSON(text []byte) error {
	n, err := roomFor(text, len(`{"value":0}`))
	*v = make(jsonOuts, 0, n)
	if err == nil {
		err = json.Unmarshal(text, (*[]jsonOut)(v))
	}
	return err
}

// roomFor counts the items of a list, which take at least so many bytes each but
// the first.
func roomFor(list []byte, least int) (n int, err error) {
	for range elements(list) {
		n++
	}
	if n > 1 && (n-1)*least > len(list) {
		return 0, fmt.Errorf("a list of %d in %d bytes", n, len(list))
	}
	return n, nil
}

// satoshis reads a decimal number of bitcoins exactly.
func satoshis(n json.Number) (int64, error) {
	s := string(n)
	if len(s) > 40 {
		return 0, fmt.Errorf("amount %.40s…", s)
	}
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, fmt.Errorf("amount %q is no number", s)
	}
	if e := strings.IndexAny(s, "eE"); e >= 0 && len(strings.TrimLeft(s[e+1:], "+-0")) > 2 {
		return 0, fmt.Errorf("amount %s", s) // an exponent that would fill memory
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, fmt.Errorf("amount %q is no number", s)
	}
	r.Mul(r, big.NewRat(100_000_000, 1))
	if !r.IsInt() || !r.Num().IsInt64() || r.Sign() < 0 {
		return 0, fmt.Errorf("amount %s is no whole number of satoshis", s)
	}
	return r.Num().Int64(), nil
}

// core says whether Bitcoin Core printed the transaction: its scripts are
// objects, and its amounts are bitcoins.
func (j *jsonTx) core() bool {
	for i := range j.Vout {
		if o := &j.Vout[i]; len(o.Script) > 0 && o.Script[0] == '{' {
			return true
		}
	}
	return false
}

// output reads value and script in either dialect.
func (o *jsonOut) output(core bool) (out output, err error) {
	var hexScript string
	addr := o.Address
	if core {
		var s struct {
			Hex       string   `json:"hex"`
			Address   string   `json:"address"`
			Addresses []string `json:"addresses"` // before Core 22
		}
		if len(o.Script) > 0 {
			if err := json.Unmarshal(o.Script, &s); err != nil {
				return out, err
			}
		}
		hexScript, addr = s.Hex, s.Address
		if addr == "" && len(s.Addresses) == 1 {
			addr = s.Addresses[0]
		}
		if out.value, err = satoshis(o.Value); err != nil {
			return out, err
		}
	} else {
		if len(o.Script) > 0 {
			if err := json.Unmarshal(o.Script, &hexScript); err != nil {
				return out, err
			}
		}
		if out.value, err = o.Value.Int64(); err != nil || out.value < 0 {
			return out, fmt.Errorf("amount %q is no whole number of satoshis", o.Value)
		}
	}
	if hexScript != "" {
		out.script, err = hex.DecodeString(hexScript)
		return out, err
	}
	if addr != "" {
		a, ok := address.Parse(addr)
		if !ok {
			return out, fmt.Errorf("%q is no address", addr)
		}
		out.script, err = address.ToScript(a)
	}
	return out, err
}

// build turns a printed transaction into the index's form. block is that of the
// getblock object it stood in, or nil.
func (j *jsonTx) build(block *blockInfo) (*stored, error) {
	s := &stored{block: block}
	var err error
	if s.id, err = ParseHash(j.TxID); err != nil {
		return nil, fmt.Errorf("txid: %w", err)
	}
	if j.Hash != "" {
		if s.wtxid, err = ParseHash(j.Hash); err != nil {
			return nil, fmt.Errorf("transaction %s: hash: %w", j.TxID, err)
		}
	}
	if block == nil {
		if s.block, err = j.where(); err != nil {
			return nil, fmt.Errorf("transaction %s: %w", j.TxID, err)
		}
	}
	if len(j.Vin) == 0 {
		return nil, fmt.Errorf("transaction %s: no inputs", j.TxID)
	}
	le, core := binary.LittleEndian, j.core()
	raw := le.AppendUint32(nil, uint32(j.Version))
	raw = appendSize(raw, uint64(len(j.Vin)))
	for i := range j.Vin {
		in := &j.Vin[i]
		prev, vout, p := Hash{}, uint32(nullVout), prevout{}
		if in.Coinbase == "" && !in.IsCoinbase {
			if prev, err = ParseHash(in.TxID); err != nil {
				return nil, fmt.Errorf("transaction %s: input %d: %w", j.TxID, i, err)
			}
			vout = in.Vout
			if p, err = in.prevout(core); err != nil {
				return nil, fmt.Errorf("transaction %s: input %d: %w", j.TxID, i, err)
			}
		}
		raw = append(append(raw, prev[:]...), 0, 0, 0, 0)
		le.PutUint32(raw[len(raw)-4:], vout)
		sequence := uint32(0xffffffff)
		if in.Sequence != nil {
			sequence = *in.Sequence
		}
		raw = le.AppendUint32(append(raw, 0), sequence) // an empty script
		s.prev = append(s.prev, p)
	}
	raw = appendSize(raw, uint64(len(j.Vout)))
	for n := range j.Vout {
		if j.Vout[n].N != nil && *j.Vout[n].N != uint32(n) {
			return nil, fmt.Errorf("transaction %s: output %d stands at place %d", j.TxID, *j.Vout[n].N, n)
		}
		out, err := j.Vout[n].output(core)
		if err != nil {
			return nil, fmt.Errorf("transaction %s: output %d: %w", j.TxID, n, err)
		}
		raw = le.AppendUint64(raw, uint64(out.value))
		raw = append(appendSize(raw, uint64(len(out.script))), out.script...)
	}
	raw = le.AppendUint32(raw, j.LockTime)
	if _, err := parseTx(raw, &s.tx); err != nil {
		return nil, fmt.Errorf("transaction %s: %w", j.TxID, err)
	}
	return s, nil
}

func (in *jsonIn) prevout(core bool) (prevout, error) {
	if len(in.Prevout) == 0 || in.Prevout[0] != '{' {
		return prevout{}, nil // absent or null: unknown
	}
	var o jsonOut
	if err := json.Unmarshal(in.Prevout, &o); err != nil {
		return prevout{}, err
	}
	if o.Value == "" {
		return prevout{}, nil
	}
	out, err := o.output(core)
	return prevout{known: err == nil, out: out}, err
}

// where is the block that a loose transaction names, nil if it names none.
func (j *jsonTx) where() (*blockInfo, error) {
	b := &blockInfo{height: -1}
	id := j.BlockHash
	b.stamp = uint32(j.BlockTime)
	if j.Height != nil {
		b.height = *j.Height
	}
	if s := j.Status; s != nil && s.Confirmed {
		id, b.stamp = s.BlockHash, uint32(s.BlockTime)
		if s.BlockHeight != nil {
			b.height = *s.BlockHeight
		}
	}
	var err error
	if id != "" {
		b.id, err = ParseHash(id)
	} else if b.height < 0 && b.stamp == 0 {
		return nil, nil
	}
	if b.height > maxHeight || b.height < -1 {
		err = errors.Join(err, fmt.Errorf("height %d", b.height))
	}
	return b, err
}

func appendSize(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	case n <= 0xffffffff:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}
