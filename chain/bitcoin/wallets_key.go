package bitcoin

import (
	"errors"

	"tamga/chain"
)

// Key is the same number for two addresses exactly where they share a wallet now.
// It means nothing outside of this index; ok is false for an address that the
// index never saw or that is none of its network.
func (w *Wallets) Key(addr string) (key uint64, ok bool, err error) {
	id, err := w.number(addr)
	if errors.Is(err, chain.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return uint64(w.root(id)), true, nil
}
