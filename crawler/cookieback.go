package crawler

import (
	"bytes"
	"context"

	"tamga"
)

// backWithCookie: a site that wants a visitor to take cookies sends him away for one
// and back. The first page of such a circle is worth one more try; the circle is one
// where that leads away again. What was sent and received tells of the cookie, so a
// replay decides the same.
func (c *Crawler) backWithCookie(ctx context.Context, j *job, ex *tamga.Exchange, target string) (bool, error) {
	if len(ex.Header.Values("Set-Cookie")) == 0 && !bytes.Contains(bytes.ToLower(ex.RequestHead), []byte("\ncookie:")) {
		return false, nil
	}
	f, k := c.opts.Frontier, key(target)
	var id, host int64
	if err := f.row(ctx, `SELECT id, host FROM frontier_url WHERE key = ? AND state >= ? AND hops = 0 AND source = ? AND outcome = ?`,
		[]any{k[:], stateDone, j.source, string(tamga.OutcomeRedirect)}, &id, &host); err != nil || id == 0 {
		return false, err
	}
	if err := f.exec(ctx, `UPDATE frontier_url SET state = ?, hops = ?, not_before = 0 WHERE id = ?`, stateReady, j.hops+1, id); err != nil {
		return false, err
	}
	if err := f.exec(ctx, `UPDATE frontier_url SET target = ? WHERE id = ?`, id, j.id); err != nil {
		return false, err
	}
	c.stats.Ready++
	c.progressOf(j.source).pending++
	return true, c.awake(ctx, host, j.source)
}
