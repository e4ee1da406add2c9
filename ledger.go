package tamga

import "time"

// Outpoint names an output of a transaction.
type Outpoint struct {
	TxID string `json:"txid"` // 64 hexadecimal digits as block explorers print it
	Vout uint32 `json:"vout"`
}

// TxIn is an input. Value and Address are those of the output it spends and are
// empty (Known false) where that output is not at hand: unknown, never zero.
type TxIn struct {
	Coinbase bool
	Prev     Outpoint
	Known    bool
	Value    Amount
	Address  string
	Type     string
	Sequence uint32
}

// TxOut is an output. Type is Bitcoin Core's name; Address is empty where Core
// prints none.
type TxOut struct {
	N       uint32
	Value   Amount
	Type    string
	Address string
}

// Tx is a transaction of a ledger (fact).
type Tx struct {
	TxID     string
	WTxID    string
	Block    string    // block hash; empty for a loose transaction
	Height   int64     // -1 where unknown
	Time     time.Time // of the block; zero where unknown
	Version  int32
	LockTime uint32
	In       []TxIn
	Out      []TxOut
}

// Hop is one transaction moving value from one of its inputs to one of its
// outputs (claim: the method decided which input paid which output).
type Hop struct {
	Depth  int        `json:"depth"` // transactions from the subject, from 1
	TxID   string     `json:"txid"`
	In     HopIn      `json:"in"`
	Out    HopOut     `json:"out"`
	Amount Amount     `json:"amount"`
	Height *int64     `json:"height,omitempty"`
	Time   *time.Time `json:"time,omitempty"`
	Fiat   *Fiat      `json:"fiat,omitempty"` // what Amount was worth on the day
}

// Fiat is what an amount was worth on a day (claim of the rate's source). Absent
// where there is no rate for that very day.
type Fiat struct {
	Currency string `json:"currency"` // ISO 4217
	Value    string `json:"value"`    // a decimal, to the hundredth
	Rate     string `json:"rate"`     // of one whole unit of the asset
	Date     string `json:"date"`     // of the rate, YYYY-MM-DD
	Source   string `json:"source"`
}

// HopIn is the input side of a hop.
type HopIn struct {
	Coinbase bool    `json:"coinbase,omitempty"`
	TxID     string  `json:"txid,omitempty"`
	Vout     *uint32 `json:"vout,omitempty"`
	Address  string  `json:"address,omitempty"`
	Value    *Amount `json:"value,omitempty"`
}

// HopOut is the output side of a hop.
type HopOut struct {
	N       uint32 `json:"n"`
	Address string `json:"address,omitempty"`
	Value   Amount `json:"value"`
}

// End is a place where a trace stopped, and why: unspent hops value time fanout
// tag mix unknown coinbase fee.
type End struct {
	TxID   string `json:"txid"`
	Vout   uint32 `json:"vout"`
	Reason string `json:"reason"`
	Tag    *Tag   `json:"tag,omitempty"` // that ended it
}

// Trace is where value went or came from under a named method (claim).
type Trace struct {
	Subject   string `json:"subject"`
	Direction string `json:"direction"` // forward, backward
	Method    string `json:"method"`    // fifo, haircut, poison
	Hops      []Hop  `json:"hops"`
	Ends      []End  `json:"ends"`

	Mixes  []Mix   `json:"mixes,omitempty"`  // that it met, where it was asked to tell
	Bounds []Bound `json:"bounds,omitempty"` // where it was asked for them
}

// Mix is a transaction that several owners seem to have made together (claim):
// which input paid which output is then less than a method's answer.
type Mix struct {
	TxID       string   `json:"txid"`
	Kind       string   `json:"kind"` // as chain/coinjoin names it; none where it only must not be reasoned through
	Confidence float64  `json:"confidence"`
	Reasons    []string `json:"reasons,omitempty"`
	Stopped    bool     `json:"stopped,omitempty"` // the trace ends before it
	Assumed    bool     `json:"assumed,omitempty"` // an analyst answers for passing through it
}

// Bound is the subject's value in an outpoint under each method: FIFO's answer
// lies between nothing and Poison, which is as much as can have come there.
type Bound struct {
	TxID    string `json:"txid"`
	Vout    uint32 `json:"vout"`
	FIFO    Amount `json:"fifo"`
	Haircut Amount `json:"haircut"`
	Poison  Amount `json:"poison"`
}

// Wallet is addresses that one owner is said to have, under a named rule at a
// height (claim). ID is its earliest member on the ledger.
type Wallet struct {
	ID        string   `json:"wallet"`
	Size      int      `json:"size"`
	Addresses []string `json:"addresses"`        // in the order they appear on the ledger
	Height    *int64   `json:"height,omitempty"` // that the partition holds for

	Decisions []Decision `json:"decisions,omitempty"` // of people, about addresses of it
}

// Why is the proof that two addresses share a wallet (claim): steps from the one
// to the other, each sharing an address with those before it.
type Why struct {
	Same   bool    `json:"same"`
	Proof  []Merge `json:"proof"`
	Height *int64  `json:"height,omitempty"`

	Decisions []Decision  `json:"decisions,omitempty"` // of people, about addresses of either wallet
	Held      []HeldMerge `json:"held,omitempty"`      // that would join the two wallets
}

// Merge is what joined addresses under a rule: a transaction, or for the rule
// assertion@1 the decision of a person.
type Merge struct {
	TxID     string       `json:"txid,omitempty"`
	Height   *int64       `json:"height,omitempty"`
	Inputs   []MergeInput `json:"inputs,omitempty"` // of the transaction, at least two
	Rule     string       `json:"rule"`             // rule@version
	Decision *Decision    `json:"decision,omitempty"`

	// Support is how many transactions say the same of the two addresses that a step
	// of a proof connects, this one included; 255 stands for as many or more.
	Support int `json:"support,omitempty"`
}

// HeldMerge is a merge that was not made, and what stands against it: size (one
// transaction alone would join two large wallets), tags (… wallets that carry
// tags of different owners) or decision (a person forbade it).
type HeldMerge struct {
	Merge
	Guard string    `json:"guard"`
	By    *Decision `json:"by,omitempty"`    // that forbids it
	Sides []Side    `json:"sides,omitempty"` // the two wallets
}

// Side is one of the two wallets that a held merge would join.
type Side struct {
	Address string   `json:"address"`          // that signs for it
	Size    int      `json:"size"`             // now
	Owners  []string `json:"owners,omitempty"` // that tags name
}

// The kinds of a Decision.
const (
	Forbid = "forbid"
	Assert = "assert"
)

// Decision is what a person says of two addresses (claim): that no chain of
// transactions shows one owner of both (forbid), or that they have one owner
// whatever the transactions show (assert).
type Decision struct {
	ID   int64     `json:"id"` // of its entry in the evidence log
	Kind string    `json:"decision"`
	A    string    `json:"a"`
	B    string    `json:"b"`
	Who  string    `json:"who"`
	Why  string    `json:"why"`
	Time time.Time `json:"time"` // when it was recorded, UTC
}

// MergeInput is an input that speaks for a merge: its place and the address
// whose output it spends.
type MergeInput struct {
	N       uint32 `json:"n"`
	Address string `json:"address"`
}

// Tag says who or what is behind an address or a transaction (claim). It speaks
// for that address alone, unless it is a cluster definer: then, by its source,
// for the wallet that the address belongs to.
type Tag struct {
	Address string `json:"address,omitempty"`
	TxID    string `json:"txid,omitempty"`
	Chain   string `json:"chain,omitempty"` // bitcoin, ethereum, …; empty where the source does not tell
	Asset   string `json:"asset,omitempty"` // BTC, USDT, …

	Label          string   `json:"label"`
	Category       string   `json:"category,omitempty"` // concept of the INTERPOL DW-VA taxonomy: exchange, market, mixing_service, …
	Abuse          string   `json:"abuse,omitempty"`    // of the same: sanction, ransomware, scam, …
	Concepts       []string `json:"concepts,omitempty"`
	Actor          string   `json:"actor,omitempty"` // id in an actor pack
	Source         string   `json:"source"`          // where it can be checked: a URL, a file's digest, a capture
	Confidence     int      `json:"confidence"`      // 0 to 100
	Date           string   `json:"date,omitempty"`  // of the source, YYYY-MM-DD
	ClusterDefiner bool     `json:"is_cluster_definer,omitempty"`
	Span           *Span    `json:"span,omitempty"`     // where a captured page names it
	Type           string   `json:"tag_type,omitempty"` // actor, event, attribute, mention; empty where the source does not tell
	Context        string   `json:"context,omitempty"`  // the creator's own words, mostly JSON

	By string `json:"by,omitempty"` // of an answer: "cluster" where Address is another one of the same wallet
}
