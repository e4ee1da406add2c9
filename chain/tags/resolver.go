package tags

import (
	"context"
	"fmt"
	"slices"

	"tamga"
)

// ByCluster is the By of a tag that reaches an address only through its wallet.
const ByCluster = "cluster"

// maxKept bounds the answers a Resolver keeps.
const maxKept = 1 << 16

// Resolver answers for addresses from their own tags and from those of cluster
// definers in the same wallet. What comes by a wallet says so (By): it is a claim
// that rests on the clustering as well as on the tag. Not safe for use by several
// goroutines.
type Resolver struct {
	store    *Store
	wallet   func(address string) (key uint64, ok bool, err error)
	byWallet map[uint64][]tamga.Tag
	kept     map[string][]tamga.Tag
	keys     map[string]walletKey
}

type walletKey struct {
	key uint64
	ok  bool
}

// NewResolver reads the cluster definers. wallet tells two addresses of one wallet
// by the same key, ok being false for one it does not know; nil knows none.
func NewResolver(ctx context.Context, s *Store, wallet func(address string) (key uint64, ok bool, err error)) (*Resolver, error) {
	r := &Resolver{store: s, wallet: wallet, byWallet: map[uint64][]tamga.Tag{}, kept: map[string][]tamga.Tag{}, keys: map[string]walletKey{}}
	if wallet == nil {
		return r, nil
	}
	definers, err := s.Definers(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range definers {
		key, ok, err := wallet(t.Address)
		if err != nil {
			return nil, fmt.Errorf("wallet of %s: %w", t.Address, err)
		}
		if ok {
			r.byWallet[key] = append(r.byWallet[key], t)
		}
	}
	return r, nil
}

// Lookup returns the tags of an address, its own before those of its wallet.
func (r *Resolver) Lookup(ctx context.Context, addr string) ([]tamga.Tag, error) {
	if addr == "" {
		return nil, nil
	}
	if all, ok := r.kept[addr]; ok {
		return all, nil
	}
	all, err := r.store.Lookup(ctx, addr)
	if err != nil {
		return nil, err
	}
	if len(r.byWallet) > 0 {
		key, ok, err := r.Wallet(addr)
		if err != nil {
			return nil, fmt.Errorf("wallet of %s: %w", addr, err)
		}
		for _, t := range r.byWallet[key] {
			if ok && t.Address != Key(addr) {
				t.By = ByCluster
				all = append(all, t)
			}
		}
	}
	if len(r.kept) >= maxKept {
		clear(r.kept)
	}
	all = slices.Clip(all)
	r.kept[addr] = all
	return all, nil
}

// Wallet is the key of an address's wallet; ok is false where it is not known.
func (r *Resolver) Wallet(addr string) (key uint64, ok bool, err error) {
	if r.wallet == nil || addr == "" {
		return 0, false, nil
	}
	k, kept := r.keys[addr]
	if !kept {
		if k.key, k.ok, err = r.wallet(addr); err != nil {
			return 0, false, err
		}
		if len(r.keys) >= maxKept {
			clear(r.keys)
		}
		r.keys[addr] = k
	}
	return k.key, k.ok, nil
}
