package bitcoin

import (
	"context"
	"os"
	"path/filepath"
)

// makeLayers makes what the plan asks for and is not there.
func (b *builder) makeLayers(ctx context.Context, run *Run) error {
	b.total = b.done
	for _, s := range b.plan.layers {
		b.total += b.missing(s)
	}
	var most place
	for _, u := range b.plan.units {
		var p place
		for i := u.first; i < u.end; i++ {
			p = place{p.txs + int(b.ordered[i].txs), p.spends + int(b.ordered[i].spends), p.paid + int(b.ordered[i].outputs)}
		}
		most = place{max(most.txs, p.txs), max(most.spends, p.spends), max(most.paid, p.paid)}
	}
	b.rows.reset(most.txs, most.spends, most.paid) // once, so that no garbage piles up
	for _, s := range b.plan.layers {
		if l, ok := b.usable(s, b.o.Verify); ok {
			run.LayersKept++
			b.m.Layers = append(b.m.Layers, l)
			continue
		}
		l, err := b.make(ctx, s)
		if err != nil {
			return err
		}
		run.LayersMade++
		b.m.Layers = append(b.m.Layers, l)
	}
	b.rows, b.scratch = rowSet{}, nil
	return countAddresses(ctx, b.dir, b.m.Layers)
}

// usable is a layer that is there; sum compares it with its checksum.
func (b *builder) usable(s span, sum bool) (layerFile, bool) {
	l, ok := b.have[s.key()]
	return l, ok && l.Level == s.level && b.whole(l.sealed, sum)
}

// missing is how many bytes of blocks are to be read for a layer.
func (b *builder) missing(s span) (n int64) {
	if _, ok := b.usable(s, false); ok {
		return 0
	}
	if s.level > 0 {
		for _, c := range b.plan.children(s) {
			n += b.missing(c)
		}
		return n
	}
	for i := s.first; i < s.end; i++ {
		n += int64(b.ordered[i].size)
	}
	return n
}

// make makes a layer: a base layer from the blocks, another from those that it
// takes the place of.
func (b *builder) make(ctx context.Context, s span) (l layerFile, err error) {
	if l, ok := b.usable(s, true); ok {
		return l, nil
	}
	var parts []layerFile
	if s.level == 0 {
		l, err = b.makeUnit(ctx, s)
	} else if parts, err = b.parts(ctx, s); err == nil {
		l, err = b.fold(ctx, parts)
	}
	if err != nil {
		return layerFile{}, err
	}
	l.ID, l.Level = s.id, s.level
	b.have[s.key()], b.intact[l.Name] = l, true
	if err := b.journal.add(recordLayer, l, nil); err != nil {
		return layerFile{}, err
	}
	for _, p := range parts {
		delete(b.have, layerKey{p.FirstBlock, p.ID})
		if !b.old[p.Name] { // the index that is there stays whole
			if err := os.Remove(filepath.Join(b.dir, p.Name)); err != nil {
				return layerFile{}, err
			}
		}
	}
	return l, nil
}

// parts are the layers that a layer is merged from. Where those of the level below
// are not there, it is merged from the level below that: a row is then written half
// as often.
func (b *builder) parts(ctx context.Context, s span) (parts []layerFile, err error) {
	for _, c := range b.plan.children(s) {
		these := []span{c}
		if _, ok := b.usable(c, true); !ok && c.level > 0 {
			these = b.plan.children(c)
		}
		for _, t := range these {
			l, err := b.make(ctx, t)
			if err != nil {
				return nil, err
			}
			parts = append(parts, l)
		}
	}
	return parts, nil
}
