package evm

import (
	"math/big"
)

// The events that move tokens, by the hash of their signatures.
var (
	topicTransfer = keccak([]byte("Transfer(address,address,uint256)"))
	topicSingle   = keccak([]byte("TransferSingle(address,address,address,uint256,uint256)"))
	topicBatch    = keccak([]byte("TransferBatch(address,address,address,uint256[],uint256[])"))
)

// event is one transfer that a log tells of. The zero account as from is a mint,
// as to a burn.
type event struct {
	asset    asset
	from, to Account
	amount   *big.Int
}

// maxBatch bounds the transfers of one log.
const maxBatch = 10_000

// events reads the transfers of a log: ERC-20 (two indexed accounts, an amount),
// ERC-721 (the id indexed, too), ERC-1155. A log of another form has none: any
// contract may write anything under the same topic, and what it writes is a
// transfer only where it has the standard's form to the byte.
func events(l *rpcLog) []event {
	if len(l.Topics) < 3 || len(l.Topics) > 4 {
		return nil
	}
	switch l.Topics[0] {
	case topicTransfer:
		from, ok1 := account(l.Topics[1])
		to, ok2 := account(l.Topics[2])
		switch {
		case !ok1 || !ok2:
		case len(l.Topics) == 3 && len(l.Data) == 32:
			return []event{{asset{fungible, l.Address, ""}, from, to, new(big.Int).SetBytes(l.Data)}}
		case len(l.Topics) == 4 && len(l.Data) == 0:
			id := new(big.Int).SetBytes(l.Topics[3][:])
			return []event{{asset{unique, l.Address, id.String()}, from, to, big.NewInt(1)}}
		}
	case topicSingle, topicBatch:
		if len(l.Topics) != 4 {
			return nil
		}
		from, ok1 := account(l.Topics[2])
		to, ok2 := account(l.Topics[3])
		if !ok1 || !ok2 {
			return nil
		}
		ids, amounts := words(l.Data), []*big.Int(nil)
		if l.Topics[0] == topicSingle {
			if len(l.Data) != 64 {
				return nil
			}
			ids, amounts = ids[:1], ids[1:]
		} else if ids, amounts = batch(l.Data); ids == nil {
			return nil
		}
		var all []event
		for i, id := range ids {
			all = append(all, event{asset{multi, l.Address, id.String()}, from, to, amounts[i]})
		}
		return all
	}
	return nil
}

// account reads an indexed address: 12 bytes of zero before it.
func account(topic hash) (Account, bool) {
	return Account(topic[12:]), [12]byte(topic[:12]) == [12]byte{}
}

// words are the whole words of 32 bytes of ABI data, at most the first two of
// them: what is not an array has no more.
func words(data []byte) (all []*big.Int) {
	for i := 0; i+32 <= len(data) && len(all) < 2; i += 32 {
		all = append(all, new(big.Int).SetBytes(data[i:i+32]))
	}
	return all
}

// batch reads two arrays of one length by their offsets, nil for anything else.
func batch(data []byte) (ids, amounts []*big.Int) {
	heads := words(data)
	if len(heads) != 2 {
		return nil, nil
	}
	ids, ok1 := array(data, heads[0])
	amounts, ok2 := array(data, heads[1])
	if !ok1 || !ok2 || len(ids) != len(amounts) {
		return nil, nil
	}
	return ids, amounts
}

func array(data []byte, at *big.Int) (all []*big.Int, ok bool) {
	size := big.NewInt(int64(len(data)))
	if at.Cmp(size) >= 0 || at.Int64()+32 > int64(len(data)) {
		return nil, false
	}
	data = data[at.Int64():]
	n := new(big.Int).SetBytes(data[:32])
	data = data[32:]
	if !n.IsInt64() || n.Int64() > maxBatch || n.Int64()*32 > int64(len(data)) {
		return nil, false
	}
	all = make([]*big.Int, n.Int64())
	for i := range all {
		all[i] = new(big.Int).SetBytes(data[32*i : 32*i+32])
	}
	return all, true
}
