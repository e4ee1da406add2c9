package bitcoin

import (
	"context"
	"errors"
	"sync/atomic"

	"tamga"
	"tamga/chain/coinjoin"
)

// gatherer finds, for the inputs of transactions with several, the scripts that
// they spend from. Where the source says them they are at hand; else the outputs
// and the inputs meet by sorting both by outpoint.
type gatherer struct {
	x      *Index
	join   bool // outputs are kept for inputs of which the source says nothing
	coins  *outOrder[coinRow]
	spent  *outOrder[spentRow]
	sights *outOrder[sightRow]
	said   bool        // what the source says may be of outputs that are not at hand
	silent atomic.Bool // the source did not say an output that join would have found
}

func (g *gatherer) clean() {
	g.coins.clean()
	g.spent.clean()
	g.sights.clean()
}

// gatherWorker is one worker's access.
type gatherWorker struct {
	g      *gatherer
	coins  batch[coinRow]
	spent  batch[spentRow]
	sights batch[sightRow]
	ins    []spentRow
	seen   int64
}

func (g *gatherer) worker() *gatherWorker {
	return &gatherWorker{g: g, coins: batch[coinRow]{to: g.coins}, spent: batch[spentRow]{to: g.spent}, sights: batch[sightRow]{to: g.sights}}
}

func (w *gatherWorker) flush() error {
	return errors.Join(w.coins.flush(), w.spent.flush(), w.sights.flush())
}

// read reads every transaction once.
func (g *gatherer) read(ctx context.Context, o *Options) error {
	workers := make([]*gatherWorker, o.workers())
	for i := range workers {
		workers[i] = g.worker()
	}
	t := tally{total: int64(g.x.txs.len()), tell: o.Progress}
	err := g.x.stream(ctx, len(workers), func(i int, s *stored) error {
		w := workers[i]
		if w.seen++; w.seen%stride == 0 {
			t.add(stride)
		}
		return w.tx(s)
	})
	for _, w := range workers {
		err = errors.Join(err, w.flush())
	}
	return err
}

// tx takes in a transaction.
func (w *gatherWorker) tx(s *stored) (err error) {
	s.tx.outputs(func(n int, out output) bool {
		coin := coinOf(out.value, out.script)
		var id scriptID
		if coin&addressed != 0 {
			id = idOf(out.script)
			if err = w.sights.add(sightRow{id, s.num, uint32(n)}); err != nil {
				return false
			}
		}
		if w.g.join {
			err = w.coins.add(coinRow{key: outpointKey(s.id[:], uint32(n)), check: outpointCheck(s.id[:], uint32(n)), script: id, coin: coin})
		}
		return err == nil
	})
	said := 0
	for i, p := range s.prev {
		if !p.known {
			continue
		}
		said++
		if w.g.said && err == nil && hasAddress(p.out.script) {
			err = w.sights.add(sightRow{idOf(p.out.script), s.num, uint32(i) | inputSide})
		}
	}
	if err != nil || s.tx.nIn < 2 {
		return err
	}
	if said == s.tx.nIn {
		return w.judge(s, nil)
	}
	if !w.g.join {
		w.g.silent.Store(true)
		return nil
	}
	if s.tx.nOut > 2 || said > 0 {
		if err := w.spent.add(spentRow{tx: s.num, in: lookAt}); err != nil {
			return err
		}
	}
	s.tx.inputs(func(i int, in input) {
		if err == nil && !in.coinbase() && !(i < len(s.prev) && s.prev[i].known) {
			err = w.coins.add(coinRow{key: outpointKey(in.prev, in.vout), check: outpointCheck(in.prev, in.vout), coin: asks, tx: s.num, in: uint32(i)})
		}
	})
	return err
}

// meet gives the outputs to the inputs that ask for them.
func (g *gatherer) meet(ctx context.Context) error {
	to := batch[spentRow]{to: g.spent}
	err := g.coins.each(ctx, func(rows []coinRow) error {
		var last *coinRow
		for i := range rows {
			r := &rows[i]
			if r.coin&asks == 0 {
				last = r
				continue
			}
			if last == nil || last.key != r.key || last.check != r.check {
				continue // the output is not at hand
			}
			if err := to.add(spentRow{r.tx, r.in, last.coin, last.script}); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, to.flush())
}

// judgeAll judges the transactions whose inputs met their outputs.
func (g *gatherer) judgeAll(ctx context.Context) error {
	w := g.worker()
	err := g.spent.each(ctx, func(rows []spentRow) error {
		for i := 0; i < len(rows); {
			end := i + 1
			for end < len(rows) && rows[end].tx == rows[i].tx {
				end++
			}
			if err := w.judgeRows(rows[i:end]); err != nil {
				return err
			}
			i = end
		}
		return nil
	})
	return errors.Join(err, w.flush())
}

func (w *gatherWorker) judgeRows(rows []spentRow) error {
	last := len(rows) - 1
	if rows[last].in != lookAt { // two outputs at most: nothing to abstain from
		return w.sign(rows)
	}
	if last == 0 && w.g.x.data == nil {
		return nil
	}
	s, err := w.g.x.load(rows[last].tx)
	if err != nil {
		return err
	}
	return w.judge(s, rows[:last])
}

// judge keeps the signers of a transaction, unless several owners may have made
// it. met are inputs with their outputs, beside those that the source said.
func (w *gatherWorker) judge(s *stored, met []spentRow) error {
	w.ins = w.ins[:0]
	for i := range s.tx.nIn {
		if i < len(s.prev) && s.prev[i].known {
			out := s.prev[i].out
			r := spentRow{tx: s.num, in: uint32(i), coin: coinOf(out.value, out.script)}
			if r.coin&addressed != 0 {
				r.script = idOf(out.script)
			}
			w.ins = append(w.ins, r)
		} else if len(met) > 0 && met[0].in == uint32(i) {
			w.ins = append(w.ins, met[0])
			met = met[1:]
		}
	}
	if s.tx.nOut > 2 && several(w.ins) && coinjoin.Abstains(w.view(s), w.g.x.m.Network) {
		return nil
	}
	return w.sign(w.ins)
}

func several(ins []spentRow) bool {
	n := 0
	for i := range ins {
		if ins[i].coin&addressed != 0 {
			n++
		}
	}
	return n >= 2
}

// sign keeps inputs as signers.
func (w *gatherWorker) sign(ins []spentRow) error {
	if !several(ins) {
		return nil
	}
	for i := range ins {
		if ins[i].coin&addressed == 0 {
			continue
		}
		if err := w.sights.add(sightRow{ins[i].script, ins[i].tx, ins[i].in | signs}); err != nil {
			return err
		}
	}
	return nil
}

// view is a transaction as the rules for coinjoins look at it. In place of an
// address it has what tells scripts apart.
func (w *gatherWorker) view(s *stored) *tamga.Tx {
	tx := &tamga.Tx{
		TxID: string(s.id[:]), Height: -1, Version: s.tx.version(), LockTime: s.tx.lockTime(),
		In: make([]tamga.TxIn, 0, s.tx.nIn), Out: make([]tamga.TxOut, 0, s.tx.nOut),
	}
	if s.block != nil {
		tx.Height, tx.Time = s.block.height, s.block.time()
	}
	ins := w.ins
	s.tx.inputs(func(i int, in input) {
		v := tamga.TxIn{Sequence: in.sequence, Coinbase: in.coinbase(), Prev: tamga.Outpoint{TxID: string(in.prev), Vout: in.vout}}
		if len(ins) > 0 && ins[0].in == uint32(i) {
			r := ins[0]
			ins = ins[1:]
			v.Known, v.Value, v.Type = true, tamga.NewAmount(coinValue(r.coin), "BTC"), coinClass(r.coin)
			v.Address = r.script.name(r.coin)
		}
		tx.In = append(tx.In, v)
	})
	s.tx.outputs(func(n int, out output) bool {
		coin := coinOf(out.value, out.script)
		tx.Out = append(tx.Out, tamga.TxOut{
			N: uint32(n), Value: tamga.NewAmount(out.value, "BTC"), Type: coinClass(coin), Address: idOf(out.script).name(coin),
		})
		return true
	})
	return tx
}
