package chaintest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Synthetic describes a chain that has the shape of the real one and any size: 2.27
// inputs and 2.78 outputs a transaction, 26 in 100 transactions with several inputs, 61
// in 100 of one input and two outputs, the tails, script types and sizes as in real
// blocks of 2009 to 2024, 2.6 outputs a script. It is written as it is made, in memory
// that does not grow with it, and is a function of these fields alone.
//
// Proof of work, merkle roots, witness commitments, heights and amounts are right, apart
// from what this package leaves out everywhere: signatures sign nothing, and coinbases
// may be spent at once. The reward halves as on mainnet.
type Synthetic struct {
	Seed uint64
	Size int64 // bytes of block files; the last block goes past it

	BlockSize int     // mean size of a block in bytes; 0 is 1,500,000
	FileSize  int64   // a block file is closed before it exceeds this; 0 is 128 MiB, as a node does
	Key       [8]byte // XOR key of all files; zero is none
	Shuffle   int     // blocks are out of order within runs of so many; 0 is in order
	Stale     int     // every so many blocks one has a sibling that lost; 0 is never
	Undo      bool    // write rev*.dat too

	// Owner, where set, hears of each script with an address when it is first paid, and
	// whose it is. The script is valid during the call.
	Owner func(script []byte, owner uint64)

	unspent int // coins kept; 0 is maxCoins
}

// Made says what a Synthetic wrote. Counts are of the best chain.
type Made struct {
	Blocks, Stale         int
	Transactions          int64 // coinbases included
	Inputs, Outputs       int64 // the same; a coinbase has no input
	SeveralInputs, OneTwo int64 // transactions of several inputs; of one input and two outputs
	Scripts               int64 // with an address, told apart
	Bytes, UndoBytes      int64 // of the files
	Unspent               int   // coins that may still be spent
	Tip                   string
}

// synthesis is one run of a Synthetic.
type synthesis struct {
	Synthetic
	rng    *rand.Rand
	made   Made
	pool   pool
	keys   keyring
	parent hash
	height int64
	clock  time.Time
	files  *blockFiles

	tx      txBuffers
	body    []byte // transactions of the block that is being made
	ends    []int  // where each of them ends in body
	ids     []hash
	wids    []hash
	undo    []byte
	changed int // transactions in undo
	fees    int64
	lost    *written // a stale sibling that waits for the block that beats it
}

// Write makes the chain in a folder, which it creates.
func (s Synthetic) Write(ctx context.Context, dir string) (Made, error) {
	if s.BlockSize <= 0 {
		s.BlockSize = 1_500_000
	}
	if s.FileSize <= 0 {
		s.FileSize = 128 << 20
	}
	if s.unspent <= 0 {
		s.unspent = maxCoins
	}
	files, err := newBlockFiles(dir, s)
	if err != nil {
		return Made{}, fmt.Errorf("write synthetic chain: %w", err)
	}
	run := &synthesis{
		Synthetic: s, files: files, clock: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		rng: rand.New(rand.NewPCG(s.Seed, 0x73796e7468657469)), keys: keyring{seed: s.Seed},
		pool: pool{limit: s.unspent},
	}
	err = run.write(ctx)
	if cerr := files.close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Made{}, fmt.Errorf("write synthetic chain: %w", err)
	}
	run.made.Bytes, run.made.UndoBytes = files.bytes, files.undoBytes
	run.made.Tip, run.made.Unspent = run.parent.String(), run.pool.coins
	return run.made, nil
}

func (s *synthesis) write(ctx context.Context) error {
	first := genesis()
	s.parent = first.id
	s.made.Blocks, s.made.Transactions, s.made.Outputs = 1, 1, 1
	if err := s.files.add(written{raw: first.bytes()}); err != nil {
		return err
	}
	for s.files.waiting() < s.Size {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.block(); err != nil {
			return err
		}
	}
	return s.files.flush()
}

// block makes the next block, of two thirds to four thirds of the mean size.
func (s *synthesis) block() error {
	s.height++
	s.clock = s.clock.Add(10 * time.Minute)
	s.body, s.ends, s.undo = s.body[:0], s.ends[:0], s.undo[:0]
	s.ids, s.wids = append(s.ids[:0], hash{}), append(s.wids[:0], hash{})
	s.fees, s.changed = 0, 0
	want := s.BlockSize*2/3 + s.rng.IntN(s.BlockSize*2/3+1)
	for s.height > 1 && len(s.body) < want && s.files.waiting()+int64(len(s.body)) < s.Size {
		s.transaction()
	}
	txs := len(s.ends)
	best := s.assemble(txs, 0)
	if s.Undo {
		best.undo = append(appendSize(nil, s.changed), s.undo...)
		best.prev = s.parent
	}
	if s.lost != nil {
		s.made.Stale++
		if err := s.files.add(*s.lost); err != nil {
			return err
		}
		s.lost = nil
	}
	if s.Stale > 0 && s.height%int64(s.Stale) == 0 {
		lost := s.assemble(txs/2, 1)
		s.lost = &lost
	}
	s.parent = doubleSHA(best.raw[:80])
	s.made.Blocks++
	return s.files.add(best)
}

// assemble puts a coinbase before the first n transactions. extra tells the blocks of
// one height apart; only the coinbase of the first gives coins that can be spent.
func (s *synthesis) assemble(n int, extra byte) written {
	s.wids[0] = hash{}
	root := merkleRoot(s.wids[:n+1])
	commitment := doubleSHA(append(root[:], make([]byte, 32)...))
	coinbase := wireTx{
		version: 2,
		in: []wireIn{{
			vout: 0xffffffff, sequence: 0xffffffff, witness: [][]byte{make([]byte, 32)},
			script: append(append(scriptNumber(s.height), 8), s.keys.bytes(uint64(s.height), 0x636f696e+uint64(extra), 8)...),
		}},
	}
	reward := s.fees + int64(50*BTC)>>(s.height/210_000)
	if extra > 0 {
		reward = 50 * BTC >> (s.height / 210_000) // without the fees of what it leaves out
	}
	s.reward(&coinbase, reward, extra == 0)
	coinbase.out = append(coinbase.out, wireOut{0, append([]byte{0x6a, 36, 0xaa, 0x21, 0xa9, 0xed}, commitment[:]...)})
	s.ids[0] = coinbase.txid()
	if extra == 0 {
		s.made.Transactions++
		s.made.Outputs += int64(len(coinbase.out))
		s.pool.settle(s.ids[0], uint32(s.height))
	}
	h := header{
		version: 0x20000000, prev: s.parent, root: merkleRoot(s.ids[:n+1]),
		time: uint32(s.clock.Unix()), bits: regtestBits,
	}
	h.solve()
	size := 0
	if n > 0 {
		size = s.ends[n-1]
	}
	raw := appendSize(append(make([]byte, 0, size+1000), h.bytes()...), n+1)
	raw = append(raw, coinbase.bytes(true)...)
	return written{raw: append(raw, s.body[:size]...)}
}
