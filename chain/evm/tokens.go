package evm

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"

	"tamga/chain/rpc"
)

// maxLogs bounds the logs of one account that are held.
const maxLogs = 1_000_000

// search is one shape of a question for logs: the events, and at which topic the
// account stands.
type search struct {
	events []hash
	at     int
}

// searches finds every transfer of an account: ERC-20 and ERC-721 have it as the
// first or second indexed value, ERC-1155 as the second or third.
var searches = []search{
	{[]hash{topicTransfer}, 1},
	{[]hash{topicTransfer, topicSingle, topicBatch}, 2},
	{[]hash{topicSingle, topicBatch}, 3},
}

// tokensOf are the token transfers from or to an account in the range, of one
// contract or (the zero account) of all, in ledger order.
func (l *Ledger) tokensOf(ctx context.Context, a, contract Account) ([]*transfer, error) {
	for _, key := range []logKey{{a, Account{}}, {a, contract}} {
		if all, ok := l.logs[key]; ok {
			return all, nil
		}
	}
	var all []*transfer
	for _, s := range searches {
		for from := l.span.From; from <= l.span.To; {
			to := min(from|(l.chunk-1), l.span.To)
			logs, err := l.find(ctx, a, contract, s, from, to)
			if err != nil && from < to && tooMuch(err, l.replayed) {
				for l.chunk > 1 && min(from|(l.chunk-1), l.span.To) == to {
					l.chunk /= 2
				}
				continue
			}
			if err != nil {
				return nil, err
			}
			for i := range logs {
				if all, err = l.take(ctx, all, &logs[i], a); err != nil {
					return nil, err
				}
			}
			if len(all) > maxLogs {
				return nil, fmt.Errorf("account %s has more than %d transfers of tokens in the range", l.Format(a), maxLogs)
			}
			from = to + 1
		}
	}
	all = sorted(all)
	l.logs[logKey{a, contract}] = all
	return all, nil
}

// asTooMuch are the words in which nodes and providers say that a search is too
// wide.
var asTooMuch = regexp.MustCompile(`(?i)too many|too large|too wide|limit|more than|exceed|block range|response size|time[d ]*out|timeout|reduce`)

// tooMuch says whether a narrower search may be answered: the node says so, or it
// was too slow or answered too much. A run that replays asks narrower where
// nothing was kept, as the run before must have done.
func tooMuch(err error, replayed bool) bool {
	var e *rpc.Error
	var f *rpc.Fault
	switch {
	case errors.As(err, &f):
		return asTooMuch.MatchString(f.Message)
	case errors.Is(err, rpc.ErrNotKept):
		return replayed
	case errors.Is(err, context.Canceled):
		return false
	}
	return errors.As(err, &e) && (e.Down || errors.Is(err, rpc.ErrTooLong))
}

// find asks for logs and compares them with what was asked.
func (l *Ledger) find(ctx context.Context, a, contract Account, s search, from, to int64) ([]rpcLog, error) {
	var id hash
	copy(id[12:], a[:])
	var names []string
	for _, e := range s.events {
		names = append(names, "0x"+hex.EncodeToString(e[:]))
	}
	topics := make([]any, s.at+1) // nil is any
	topics[0], topics[s.at] = names, "0x"+hex.EncodeToString(id[:])
	filter := map[string]any{"fromBlock": tag(from), "toBlock": tag(to), "topics": topics}
	if contract != (Account{}) {
		filter["address"] = "0x" + hex.EncodeToString(contract[:])
	}
	var logs []rpcLog
	if _, err := l.call(ctx, &logs, "eth_getLogs", filter); err != nil {
		return nil, err
	}
	seen := map[[2]int64]bool{}
	for i := range logs {
		x := &logs[i]
		h := x.BlockNumber.height()
		var why error
		switch at := [2]int64{h, x.Index.height()}; {
		case x.Removed:
			why = errReorg
		case h < from || h > to:
			why = rpc.Lie("a log of block %d, outside of what was asked", h)
		case x.Index.height() < 0 || x.TxIndex.height() < 0:
			why = rpc.Lie("a log without its place in the block")
		case contract != (Account{}) && x.Address != contract:
			why = rpc.Lie("a log of contract %s, which was not asked for", l.Format(x.Address))
		case len(x.Topics) <= s.at || x.Topics[s.at] != id || !contains(s.events, x.Topics[0]):
			why = rpc.Lie("a log whose topics are not those asked for")
		case seen[at]:
			why = rpc.Lie("log %d of block %d comes twice", at[1], h)
		default:
			seen[at] = true
		}
		if why != nil {
			return nil, l.wrong(fmt.Sprintf("logs of blocks %d to %d", from, to), why)
		}
	}
	return logs, nil
}

func contains(all []hash, h hash) bool {
	for _, x := range all {
		if x == h {
			return true
		}
	}
	return false
}

// take adds the transfers of a log from or to an account. The block it names must
// be the chain's.
func (l *Ledger) take(ctx context.Context, all []*transfer, x *rpcLog, a Account) ([]*transfer, error) {
	said := l.evidence()
	h, err := l.head(ctx, x.BlockNumber.height())
	if err != nil {
		return nil, err
	}
	if x.BlockHash != *h.Hash {
		return nil, l.wrong(fmt.Sprintf("logs of block %d", h.height()), errReorg)
	}
	for _, t := range l.ofLog(x, h, said) {
		if t.from == a && !t.made || t.to == a && !t.gone {
			all = append(all, t)
		}
	}
	return all, nil
}

// ofLog are the transfers that a log tells of.
func (l *Ledger) ofLog(x *rpcLog, h *header, said string) (all []*transfer) {
	for i, e := range events(x) {
		all = append(all, &transfer{
			place: place{h.height(), x.TxIndex.height(), 1, x.Index.height(), int64(i)},
			kind:  KindToken, asset: e.asset, from: e.from, to: e.to, amount: e.amount,
			made: e.from == Account{}, gone: e.to == Account{},
			tx: x.TxHash, log: x.Index.height(), block: *h.Hash, time: seconds(h.Timestamp), evidence: said,
		})
	}
	return all
}
