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
	id, ok, err := w.seen(addr)
	if !ok || err != nil {
		return 0, false, err
	}
	return uint64(w.root(id)), true, nil
}

// seen is the number of an address, where it is one and the index has it.
func (w *Wallets) seen(addr string) (id uint32, ok bool, err error) {
	a, valid := address.Parse(addr)
	if !valid {
		return 0, false, nil
	}
	if _, err := address.ToScript(a); err != nil {
		return 0, false, nil
	}
	id, err = w.number(addr)
	if errors.Is(err, chain.ErrNotFound) {
		return 0, false, nil
	}
	return id, err == nil, err
}
