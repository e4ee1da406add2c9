package pipeline

import (
	"context"
	"fmt"

	"tamga"
	"tamga/index"
)

// compareUpTo compares what the index holds already and Changes does not, as after
// the tables were lost or a reindex was interrupted.
func (p *Pipeline) compareUpTo(ctx context.Context, store index.Store, from int64) error {
	if p.Changes == nil {
		return nil
	}
	next, err := p.Changes.Next(ctx)
	if err == nil && next > p.Archive.Len() { // of another log
		next, err = 0, p.Changes.Clear(ctx)
	}
	if err != nil {
		return fmt.Errorf("read how far captures are compared: %w", err)
	}
	if next >= from {
		return nil
	}
	p.Log.Info("captures are compared", "from", next, "to", from)
	var captures []tamga.Capture
	flush := func(to int64) error {
		pages, _ := p.read(ctx, captures)
		if err := ctx.Err(); err != nil {
			return err
		}
		docs, err := p.compare(ctx, captures, pages, next, to)
		if err == nil && len(docs) > 0 {
			err = store.Put(ctx, docs, from)
		}
		captures, next = captures[:0], to
		return err
	}
	for c, err := range p.Archive.Captures(ctx, next) {
		if err != nil {
			return err
		}
		if c.Seq >= from {
			break
		}
		if captures = append(captures, c); len(captures) == batch {
			if err := flush(c.Seq + 1); err != nil {
				return err
			}
		}
	}
	return flush(from)
}

// compare returns the documents of what differs in the captures of the entries
// [from, to), and has the rules look at it.
func (p *Pipeline) compare(ctx context.Context, captures []tamga.Capture, pages []*tamga.Page, from, to int64) ([]index.Document, error) {
	if p.Changes == nil {
		return nil, nil
	}
	if err := p.Changes.Take(ctx, captures, pages, to); err != nil {
		return nil, fmt.Errorf("compare captures: %w", err)
	}
	found, err := p.Changes.Between(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	if p.Alerts != nil {
		if err := p.Alerts.Judge(ctx, found, p.Log); err != nil {
			return nil, err
		}
	}
	var docs []index.Document
	for i := range found {
		docs = append(docs, changeDocument(&found[i]))
	}
	return docs, nil
}
