package chaintest

import (
	"encoding/binary"
	"math/rand/v2"
)

// quantiles are a distribution: values and, in thousandths, how much lies below them.
// Between two it is even.
type quantiles []struct{ below, value int }

// Of transactions with several inputs, how many; of those with three outputs or more, how
// many. The quantiles are near those of 36,367
// transactions in 38 blocks of 2009 to 2020, the tails set so that the means are the real
// chain's.
var (
	manyInputs = quantiles{
		{0, 2}, {470, 2}, {650, 3}, {760, 4}, {840, 6}, {900, 9}, {950, 15}, {980, 34}, {990, 68}, {995, 110}, {999, 300}, {1000, 700},
	}
	manyOutputs = quantiles{
		{0, 3}, {500, 3}, {600, 4}, {700, 5}, {800, 8}, {850, 12}, {900, 16}, {950, 26}, {980, 62}, {990, 101}, {995, 111}, {999, 501}, {1000, 2500},
	}
)

func (q quantiles) draw(rng *rand.Rand) int {
	x := rng.Float64() * 1000
	for i := 1; i < len(q); i++ {
		if a, b := q[i-1], q[i]; x < float64(b.below) {
			return a.value + (int(float64(b.value-a.value)*(x-float64(a.below)))+(b.below-a.below)/2)/(b.below-a.below)
		}
	}
	return q[len(q)-1].value
}

// shape draws how many inputs and outputs a transaction has.
func shape(rng *rand.Rand) (in, out int) {
	switch x := rng.IntN(1000); {
	case x < 610:
		return 1, 2
	case x < 676:
		return 1, 1
	case x < 740:
		return 1, manyOutputs.draw(rng)
	case x < 782:
		return manyInputs.draw(rng), 1
	case x < 962:
		return manyInputs.draw(rng), 2
	}
	return manyInputs.draw(rng), manyOutputs.draw(rng)
}

// dust is the least that a payment is worth here, in satoshis.
const dust = 600

// txBuffers are reused between transactions.
type txBuffers struct {
	spent   []poolCoin
	base    []byte // the serialisation without witnesses
	witness []byte
	full    []byte
}

// transaction makes one and adds it to the block.
func (s *synthesis) transaction() {
	in, out := shape(s.rng)
	t := &s.tx
	var from int
	var sum, fee int64
	for try := 0; ; try++ {
		from = s.pool.payer(in, s.rng)
		t.spent, sum = t.spent[:0], 0
		for range min(in, len(s.pool.owners[from].coins)) {
			c := s.pool.take(from, s.rng)
			t.spent = append(t.spent, c)
			sum += c.value
		}
		fee = int64(150*len(t.spent)+34*out) * int64(1+s.rng.IntN(20))
		if sum >= fee+int64(out)*dust*2 {
			break
		}
		if try > 20 { // nobody asked can pay for so much
			if out = int((sum - 400) / (2 * dust)); out >= 1 {
				fee = min(fee, sum-int64(out)*dust)
				break
			}
		}
		for _, c := range t.spent {
			s.pool.give(from, c)
		}
	}
	s.fees += fee
	segwit := s.inputs()
	s.outputs(from, out, sum-fee)
	id := doubleSHA(t.base)
	start := len(s.body)
	if segwit {
		s.body = append(append(s.body, t.base[:4]...), 0, 1)
		s.body = append(s.body, t.base[4:len(t.base)-4]...)
		s.body = append(append(s.body, t.witness...), t.base[len(t.base)-4:]...)
		s.wids = append(s.wids, doubleSHA(s.body[start:]))
	} else {
		s.body = append(s.body, t.base...)
		s.wids = append(s.wids, id)
	}
	s.ids, s.ends = append(s.ids, id), append(s.ends, len(s.body))
	s.count(len(t.spent), out)
	s.pool.settle(id, uint32(s.height))
	s.pool.forget(s.rng)
}

func (s *synthesis) count(in, out int) {
	s.made.Transactions++
	s.made.Inputs += int64(in)
	s.made.Outputs += int64(out)
	if in > 1 {
		s.made.SeveralInputs++
	}
	if in == 1 && out == 2 {
		s.made.OneTwo++
	}
}

// inputs writes the version and the inputs, and the witnesses apart; segwit says whether
// there are any.
func (s *synthesis) inputs() (segwit bool) {
	t := &s.tx
	t.base = binary.LittleEndian.AppendUint32(t.base[:0], uint32(1+s.rng.IntN(2)))
	t.base = appendSize(t.base, len(t.spent))
	t.witness = t.witness[:0]
	sequence := uint32(0xffffffff)
	if s.rng.IntN(3) == 0 {
		sequence = 0xfffffffd
	}
	var script []byte
	var room [512]byte
	if s.Undo {
		s.undo = appendSize(s.undo, len(t.spent))
		s.changed++
	}
	for i := range t.spent {
		c := &t.spent[i]
		t.base = append(t.base, c.id[:]...)
		t.base = binary.LittleEndian.AppendUint32(t.base, c.vout)
		script, t.witness = s.keys.unlock(room[:0], t.witness, c, s.rng.Uint64()|1<<32)
		t.base = appendBytes(t.base, script)
		t.base = binary.LittleEndian.AppendUint32(t.base, sequence)
		segwit = segwit || c.kind == payNested || c.kind >= payWitness && c.kind <= payTaproot
		if s.Undo {
			s.undo = AppendCoin(s.undo, int64(c.height), c.coinbase, c.value, c.script[:c.size])
		}
	}
	return segwit
}

// outputs splits a value over outputs and ends the transaction. The change goes back to
// the payer at a random place, now and then one output carries data instead.
func (s *synthesis) outputs(from, n int, value int64) {
	t := &s.tx
	t.base = appendSize(t.base, n)
	change, data := -1, -1
	if n > 1 {
		change = s.rng.IntN(n)
		if s.rng.IntN(8) == 0 {
			data = (change + 1) % n
		}
	} else if s.rng.IntN(2) == 0 {
		change = 0 // a consolidation
	}
	for i := range n {
		if i == data {
			t.base = binary.LittleEndian.AppendUint64(t.base, 0)
			text := s.keys.bytes(s.rng.Uint64(), 7, 20+s.rng.IntN(21))
			t.base = appendBytes(t.base, append([]byte{0x6a, byte(len(text))}, text...))
			continue
		}
		left := int64(n - i - 1)
		v := value
		if left > 0 {
			v = dust + s.part(value-(left+1)*dust, left, i == change)
		}
		value -= v
		to := from
		if i != change {
			to = s.pool.payee(s.rng)
		}
		t.base = binary.LittleEndian.AppendUint64(t.base, uint64(v))
		t.base = appendBytes(t.base, s.pay(to, i, v, false))
	}
	if data == n-1 {
		s.fees += value // what the last output would have taken
	}
	lock := uint32(0)
	if s.rng.IntN(5) == 0 {
		lock = uint32(s.height - 1)
	}
	t.base = binary.LittleEndian.AppendUint32(t.base, lock)
}

// part draws how much of what is left an output takes. Payments are small beside the
// change more often than not, and a third of them are round.
func (s *synthesis) part(value, left int64, change bool) int64 {
	u := s.rng.Float64()
	if change {
		return int64(float64(value) * (0.3 + float64(0.6*u)))
	}
	v := int64(float64(value) * u * u / float64(max(left, 1)))
	if s.rng.IntN(3) == 0 {
		unit := int64(1)
		for v/unit >= 100 {
			unit *= 10
		}
		v = max(v/unit*unit-dust, 0)
	}
	return v
}

// pay makes an output to an owner and returns its script, valid until the next call.
func (s *synthesis) pay(to, vout int, value int64, coinbase bool) []byte {
	o := &s.pool.owners[to]
	var account uint64
	fresh := len(o.accounts) == 0 || s.rng.IntN(1000) < 395
	if fresh {
		account = s.pool.accounts
		s.pool.accounts++
		if o.kind != payPubkey {
			s.made.Scripts++
		}
		if len(o.accounts) == addressBook {
			copy(o.accounts, o.accounts[1:])
			o.accounts = o.accounts[:addressBook-1]
		}
		o.accounts = append(o.accounts, account)
	} else {
		account = o.accounts[s.rng.IntN(len(o.accounts))]
	}
	c := poolCoin{vout: uint32(vout), value: value, account: account, kind: o.kind, coinbase: coinbase}
	c.size = byte(len(s.keys.script(c.script[:0], o.kind, account)))
	s.pool.pending = append(s.pool.pending, pendingCoin{to, c})
	script := s.pool.pending[len(s.pool.pending)-1].coin.script[:c.size]
	if fresh && s.Owner != nil && o.kind != payPubkey {
		s.Owner(script, o.number)
	}
	return script
}

// reward adds the outputs of a coinbase. The first one founds the economy: it pays many.
func (s *synthesis) reward(coinbase *wireTx, value int64, best bool) {
	outs := 1
	if s.height == 1 {
		outs = min(8000, max(200, s.BlockSize/180))
	}
	if !best {
		script := s.keys.script(nil, payWitness, 1<<63|uint64(s.height))
		coinbase.out = append(coinbase.out, wireOut{value, script})
		return
	}
	for i := range outs {
		v := value / int64(outs-i)
		value -= v
		to := i % services
		if i < services && s.height == 1 {
			s.pool.newcomer(i, s.rng)
		} else if i%3 == 2 || outs == 1 {
			to = s.pool.payee(s.rng)
		}
		coinbase.out = append(coinbase.out, wireOut{v, append([]byte(nil), s.pay(to, i, v, true)...)})
	}
}
