package tamga

import "time"

// Transfer is an amount of an asset that one account of an account ledger paid
// another (fact, as the ledger has it: a token's is its contract's word).
//
// From is absent for what is newly made (minted tokens, a validator's withdrawal,
// a block's tips), To for what is gone (a fee). A transfer is named by its
// transaction and, within it, by N, Trace and Item, where it has them.
type Transfer struct {
	TxID     string    `json:"txid,omitempty"`  // absent for a withdrawal, which no transaction makes
	N        *uint64   `json:"n,omitempty"`     // index of its log in the block; absent where no log makes it
	Item     int       `json:"item,omitempty"`  // of a log that makes several, from 0
	Trace    string    `json:"trace,omitempty"` // of an internal transfer: its call, as 0.2 is the third of the first
	Kind     string    `json:"kind"`            // value internal token fee tip withdrawal
	Asset    string    `json:"asset"`           // ETH, erc20:CONTRACT, erc721:CONTRACT/ID, erc1155:CONTRACT/ID; trc20:… on TRON
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"`
	Amount   Amount    `json:"amount"`
	Height   int64     `json:"height"`
	Block    string    `json:"block"`
	Time     time.Time `json:"time"`
	Evidence string    `json:"evidence,omitempty"` // SHA-256 of the answer that tells it, as it was kept
	Sale     *Sale     `json:"sale,omitempty"`
}

// Sale is what the transaction that moved a token of its kind paid the account it
// came from (claim: that it is the token's price).
type Sale struct {
	Rule   string  `json:"rule"`
	Price  []Price `json:"price"`
	Tokens int     `json:"tokens"` // that the seller gave in the same transaction; the price is for all
}

// Price is an amount with its asset beside it.
type Price struct {
	Amount Amount `json:"amount"`
	Asset  string `json:"asset"`
}

// AccountTrace is where value of an account ledger went or came from under a
// named method (claim). Its form is that of Trace, without what accounts do not
// have.
type AccountTrace struct {
	Subject   string       `json:"subject"`
	Direction string       `json:"direction"`
	Method    string       `json:"method"`
	Network   string       `json:"network"`
	Range     Range        `json:"range"` // of blocks that was looked at
	Hops      []AccountHop `json:"hops"`
	Ends      []AccountEnd `json:"ends"`
	Assets    []Asset      `json:"assets"`
	Unseen    []string     `json:"unseen,omitempty"` // what this source does not show
}

// Range is a run of blocks, both ends included.
type Range struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Block string `json:"block"` // hash of To
	Final bool   `json:"final"` // the ledger's own rule says that To cannot be undone
}

// Asset is what a token's contract says of itself: its own word.
type Asset struct {
	Asset    string `json:"asset"`
	Symbol   string `json:"symbol,omitempty"`
	Decimals *int   `json:"decimals,omitempty"`
}

// AccountHop is one transfer, and what it was paid from.
type AccountHop struct {
	Depth  int        `json:"depth"` // transfers from the subject, from 1
	TxID   string     `json:"txid"`
	Kind   string     `json:"kind"` // as of a Transfer
	Asset  string     `json:"asset"`
	In     AccountIn  `json:"in"`
	Out    AccountOut `json:"out"`
	Amount Amount     `json:"amount"` // of the subject's value
	Height int64      `json:"height"`
	Time   time.Time  `json:"time"`
	Sale   *Sale      `json:"sale,omitempty"`
	Fiat   *Fiat      `json:"fiat,omitempty"`

	Evidence string `json:"evidence,omitempty"` // as of a Transfer
}

// AccountIn is the account that pays and, by FIFO, the credit of it that the
// transfer consumes. Value is that credit's amount; by the other methods it is
// the account's balance before, where that is known.
type AccountIn struct {
	TxID    string  `json:"txid,omitempty"`
	N       *uint64 `json:"n,omitempty"`
	Item    int     `json:"item,omitempty"`
	Trace   string  `json:"trace,omitempty"`
	Address string  `json:"address,omitempty"`
	Value   *Amount `json:"value,omitempty"`
}

// AccountOut is the transfer's far side.
type AccountOut struct {
	N       *uint64 `json:"n,omitempty"`
	Item    int     `json:"item,omitempty"`
	Trace   string  `json:"trace,omitempty"`
	Address string  `json:"address,omitempty"`
	Value   Amount  `json:"value"`
}

// AccountEnd is an account where a trace stopped, for an asset, and why. TxID, N,
// Item and Trace name the credit where the method tells one.
type AccountEnd struct {
	Address string  `json:"address,omitempty"`
	Asset   string  `json:"asset"`
	TxID    string  `json:"txid,omitempty"`
	N       *uint64 `json:"n,omitempty"`
	Item    int     `json:"item,omitempty"`
	Trace   string  `json:"trace,omitempty"`
	Reason  string  `json:"reason"`
	Amount  *Amount `json:"amount,omitempty"` // of the subject's value; absent where unknown
	Why     string  `json:"why,omitempty"`    // what is unknown
	Tag     *Tag    `json:"tag,omitempty"`
}
