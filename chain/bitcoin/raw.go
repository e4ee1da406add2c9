package bitcoin

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tamga"
	"tamga/chain"
)

// maxMoney is the number of satoshis that can ever exist.
const maxMoney = 21_000_000 * 100_000_000

// Genesis is the hash of a network's first block, empty for an unknown network.
func Genesis(network string) string {
	n, _ := byName(network)
	return n.genesis
}

// NetworkOf is the network that a genesis block starts, empty if it is none of
// [Networks].
func NetworkOf(genesis string) string {
	for _, n := range networks {
		if n.genesis == genesis {
			return n.name
		}
	}
	return ""
}

// ParseHeader reads the 80 bytes of a block header and returns its hash and its
// time in Unix seconds.
func ParseHeader(raw []byte) (hash string, stamp uint32, err error) {
	if len(raw) != headerSize {
		return "", 0, fmt.Errorf("a block header of %d bytes", len(raw))
	}
	h := header(raw)
	return h.hash().String(), h.time(), nil
}

// Place is where a transaction stands on the ledger. The zero value is nowhere:
// a loose transaction.
type Place struct {
	Block  string // hash
	Height int64
	Time   uint32 // of the block, Unix seconds
}

// FromRaw reads one whole transaction from its bytes, as BIP-144 serialises it.
//
// Its id is computed from the bytes. The outputs that it spends are not in them:
// they are taken from printed, the same transaction as Bitcoin Core (verbosity 2)
// or Esplora prints it, which may be nil; else from the transaction that find
// returns for an id, nil where there is none. held returns transactions that are
// at hand: an output that printed states otherwise than one of them has it is an
// error, and so are outputs that exceed the inputs.
func FromRaw(raw, printed []byte, network string, at Place, held func(txid string) []byte, find func(txid string) ([]byte, error)) (*tamga.Tx, error) {
	s, err := wholeTx(raw)
	if err != nil {
		return nil, err
	}
	if at.Block != "" {
		s.block = &blockInfo{height: at.Height, stamp: at.Time}
		if s.block.id, err = ParseHash(at.Block); err != nil {
			return nil, err
		}
	}
	s.wtxid = s.tx.wtxid()
	if len(printed) > 0 {
		err := s.take(printed)
		if err == nil {
			err = s.contradicted(held)
		}
		if err != nil {
			return nil, fmt.Errorf("transaction %s as the server prints it: %w", s.id, err)
		}
	}
	tx, err := vocabulary(s, network, func(id Hash) (*stored, error) {
		b, err := find(id.String())
		if err != nil || b == nil {
			return nil, err
		}
		prev, err := wholeTx(b)
		if err == nil && prev.id != id {
			err = fmt.Errorf("the bytes of %s are those of transaction %s", id, prev.id)
		}
		return prev, err
	})
	if err != nil {
		return nil, err
	}
	return tx, s.balanced(tx)
}

func wholeTx(raw []byte) (*stored, error) {
	s := &stored{}
	n, err := parseTx(raw, &s.tx)
	if err == nil && n != len(raw) {
		err = fmt.Errorf("%d bytes after it", len(raw)-n)
	}
	if err != nil {
		return nil, fmt.Errorf("transaction of %d bytes: %w", len(raw), err)
	}
	s.id, _ = s.tx.txid(nil)
	return s, nil
}

// take reads the outputs that the inputs spend out of a printed transaction.
func (s *stored) take(printed []byte) error {
	var j jsonTx
	if err := json.Unmarshal(printed, &j); err != nil {
		return err
	}
	if len(j.Vin) != s.tx.nIn {
		return fmt.Errorf("%d inputs, and its bytes have %d", len(j.Vin), s.tx.nIn)
	}
	core := j.core()
	s.prev = make([]prevout, s.tx.nIn)
	for i := range j.Vin {
		p, err := j.Vin[i].prevout(core)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if p.known && (p.out.value < 0 || p.out.value > maxMoney) {
			return fmt.Errorf("input %d spends %d satoshis", i, p.out.value)
		}
		s.prev[i] = p
	}
	return nil
}

// contradicted compares printed outputs with those of transactions at hand.
func (s *stored) contradicted(held func(txid string) []byte) (err error) {
	s.tx.inputs(func(i int, in input) {
		if err != nil || !s.prev[i].known {
			return
		}
		raw := held(Hash(in.prev).String())
		if raw == nil {
			return
		}
		var prev *stored
		if prev, err = wholeTx(raw); err != nil {
			return
		}
		out, ok := prev.tx.output(in.vout)
		if said := s.prev[i].out; !ok || out.value != said.value || string(out.script) != string(said.script) {
			err = fmt.Errorf("input %d: output %d of %s is not as it says", i, in.vout, prev.id)
		}
	})
	return err
}

// balanced refuses a transaction whose outputs exceed its known inputs.
func (s *stored) balanced(tx *tamga.Tx) error {
	in, out := int64(0), int64(0)
	for i := range tx.In {
		v, ok := tx.In[i].Value.Int64()
		if !tx.In[i].Known || !ok {
			return nil
		}
		in += v
	}
	for i := range tx.Out {
		v, ok := tx.Out[i].Value.Int64()
		if !ok || v < 0 || v > maxMoney || out+v > maxMoney {
			return fmt.Errorf("transaction %s: output %d has %s satoshis", tx.TxID, i, tx.Out[i].Value)
		}
		out += v
	}
	if in < out {
		return fmt.Errorf("transaction %s: its inputs are said to have %d satoshis, and its outputs have %d", tx.TxID, in, out)
	}
	return nil
}

// Use is what the ledger did with one output script: the outputs that paid it,
// in the order in which transactions are added, and the inputs that spent them.
type Use struct {
	script []byte
	paid   []tamga.Outpoint
	mine   map[spot]bool
	spent  map[tamga.Outpoint]chain.Spend
}

// spot is an outpoint in the ledger's own form.
type spot struct {
	id   Hash
	vout uint32
}

// NewUse starts with no transaction.
func NewUse(script []byte) *Use {
	return &Use{script: script, mine: map[spot]bool{}, spent: map[tamga.Outpoint]chain.Spend{}}
}

// Paid are the outputs that paid the script.
func (u *Use) Paid() []tamga.Outpoint { return u.paid }

// Spender is the input that spent an output of the script.
func (u *Use) Spender(out tamga.Outpoint) (spend chain.Spend, ok bool) {
	spend, ok = u.spent[out]
	return spend, ok
}

// AddTx adds a transaction, which comes after those that it spends, and returns
// its id, computed from the bytes.
func (u *Use) AddTx(raw []byte) (txid string, err error) {
	s, err := wholeTx(raw)
	if err != nil {
		return "", err
	}
	u.add(&s.tx, s.id)
	return s.id.String(), nil
}

// AddBlock adds a block's transactions in their order and returns the ids of
// those that paid the script or spent from it. The block must have that hash,
// and its transactions the merkle root in its header.
func (u *Use) AddBlock(raw []byte, hash string) (touched []string, err error) {
	if len(raw) < headerSize {
		return nil, fmt.Errorf("block %s: %w", hash, ErrTruncated)
	}
	if got := header(raw).hash().String(); got != hash {
		return nil, fmt.Errorf("block %s: its bytes are those of block %s", hash, got)
	}
	var check blockReader
	n, err := check.read(raw, nil) // whole and true before any of it is taken in
	if err == nil && n != len(raw) {
		err = fmt.Errorf("%d bytes after it", len(raw)-n)
	}
	if err != nil {
		return nil, fmt.Errorf("block %s: %w", hash, err)
	}
	_, err = check.read(raw, func(_ int, t *rawTx, id Hash, _ int) error {
		if u.add(t, id) {
			touched = append(touched, id.String())
		}
		return nil
	})
	return touched, err
}

func (u *Use) add(t *rawTx, id Hash) (touched bool) {
	t.inputs(func(i int, in input) {
		at := spot{Hash(in.prev), in.vout}
		if u.mine[at] {
			u.spent[tamga.Outpoint{TxID: at.id.String(), Vout: at.vout}] = chain.Spend{TxID: id.String(), Vin: uint32(i)}
			touched = true
		}
	})
	t.outputs(func(n int, out output) bool {
		if at := (spot{id, uint32(n)}); string(out.script) == string(u.script) && !u.mine[at] {
			u.mine[at] = true
			u.paid = append(u.paid, tamga.Outpoint{TxID: id.String(), Vout: uint32(n)})
			touched = true
		}
		return true
	})
	return touched
}

// OutputScript is the script of an output of a transaction given by its bytes,
// and the transaction's id.
func OutputScript(raw []byte, vout uint32) (script []byte, txid string, err error) {
	s, err := wholeTx(raw)
	if err != nil {
		return nil, "", err
	}
	out, ok := s.tx.output(vout)
	if !ok {
		err = errors.New("no such output")
	}
	return out.script, s.id.String(), err
}

// TxID is the id of a transaction given by its bytes.
func TxID(raw []byte) (string, error) {
	s, err := wholeTx(raw)
	if err != nil {
		return "", err
	}
	return s.id.String(), nil
}

// Present says whether a folder holds an index.
func Present(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestName))
	return err == nil
}
