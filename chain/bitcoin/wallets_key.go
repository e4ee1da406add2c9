package bitcoin

import (
	"errors"

	"tamga/chain"
	"tamga/internal/address"
)

// Key is the same number for two addresses exactly where they share a wallet now.
// It means nothing outside of this index; ok is false for what the index never
// saw, another ledger's addresses among it.
func (w *Wallets) Key(addr string) (key uint64, ok bool, err error) {
	a, valid := address.Parse(addr)
	if !valid {
		return 0, false, nil
	}
	if _, err := address.ToScript(a); err != nil {
		return 0, false, nil
	}
	id, err := w.number(addr)
	if errors.Is(err, chain.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return uint64(w.root(id)), true, nil
}
