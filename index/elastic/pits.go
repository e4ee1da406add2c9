package elastic

import (
	"crypto/rand"
	"slices"
	"sync"
)

// maxPits is the number of states kept for next pages; the oldest goes first.
const maxPits = 100

// pits keeps the cluster's states of searches (points in time) by token. A cursor
// carries the token, never the state's own name: with that, a forged cursor could
// ask for the state of another index.
type pits struct {
	mu    sync.Mutex
	byKey map[string]string
	order []string
}

func newPits() *pits { return &pits{byKey: map[string]string{}} }

// put keeps a state and returns its token, and a state to close if there are too
// many.
func (p *pits) put(id string) (token, old string) {
	token = rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byKey[token] = id
	p.order = append(p.order, token)
	if len(p.order) > maxPits {
		old = p.byKey[p.order[0]]
		delete(p.byKey, p.order[0])
		p.order = p.order[1:]
	}
	return token, old
}

// take hands a state to one search; empty if it is not kept.
func (p *pits) take(token string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.byKey[token]
	delete(p.byKey, token)
	p.order = slices.DeleteFunc(p.order, func(t string) bool { return t == token })
	return id
}

// drain hands out all states.
func (p *pits) drain() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for _, id := range p.byKey {
		ids = append(ids, id)
	}
	p.byKey, p.order = map[string]string{}, nil
	return ids
}
