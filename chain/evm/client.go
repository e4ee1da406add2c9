package evm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"tamga/chain"
	"tamga/chain/rpc"
)

// rpcBlock is a block as a node prints it, with its transactions or their hashes.
type rpcBlock struct {
	header
	Transactions []json.RawMessage `json:"transactions"`
	Withdrawals  []withdrawal      `json:"withdrawals"`
}

// withdrawal is what a validator takes out (EIP-4895).
type withdrawal struct {
	Index     quantity `json:"index"`
	Validator quantity `json:"validatorIndex"`
	Address   Account  `json:"address"`
	Amount    quantity `json:"amount"` // gwei
}

type rpcReceipt struct {
	TxHash       hash     `json:"transactionHash"`
	Index        quantity `json:"transactionIndex"`
	BlockHash    hash     `json:"blockHash"`
	BlockNumber  quantity `json:"blockNumber"`
	From         Account  `json:"from"`
	Contract     *Account `json:"contractAddress"`
	Status       quantity `json:"status"`
	GasUsed      quantity `json:"gasUsed"`
	GasPrice     quantity `json:"effectiveGasPrice"`
	BlobGas      quantity `json:"blobGasUsed"`
	BlobGasPrice quantity `json:"blobGasPrice"`
	GasSum       quantity `json:"cumulativeGasUsed"`
	Bloom        blob     `json:"logsBloom"`
	Logs         []rpcLog `json:"logs"`
}

type rpcLog struct {
	Address     Account  `json:"address"`
	Topics      []hash   `json:"topics"`
	Data        blob     `json:"data"`
	BlockNumber quantity `json:"blockNumber"`
	BlockHash   hash     `json:"blockHash"`
	TxHash      hash     `json:"transactionHash"`
	TxIndex     quantity `json:"transactionIndex"`
	Index       quantity `json:"logIndex"`
	Removed     bool     `json:"removed"`
}

// client asks a node. last is the SHA-256 of the answer it gave last.
type client struct {
	by       rpc.Asker
	replayed bool
	last     [32]byte
}

func (c *client) Origin() string { return c.by.Origin() }

// Ask notes what came.
func (c *client) Ask(ctx context.Context, q rpc.Question) (rpc.Answer, error) {
	a, err := c.by.Ask(ctx, q)
	if err == nil {
		c.last = sha256.Sum256(a.Body)
	}
	return a, err
}

// evidence names the last answer.
func (c *client) evidence() string { return "sha256:" + hex.EncodeToString(c.last[:]) }

// call asks and decodes; found is false where the node answers null.
func (c *client) call(ctx context.Context, v any, method string, params ...any) (found bool, err error) {
	result, err := rpc.Call(ctx, c, "2.0", 0, method, params...)
	if err != nil {
		return false, err
	}
	if len(result) == 0 || string(result) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(result, v); err != nil {
		return false, c.wrong(method, fmt.Errorf("not the answer that was expected: %w", err))
	}
	return true, nil
}

func (c *client) wrong(asked string, err error) error {
	var e *rpc.Error
	if errors.As(err, &e) {
		return err
	}
	hint := ""
	if errors.Is(err, rpc.ErrLie) {
		hint = "this node's answers cannot be trusted; ask another one"
	}
	return &rpc.Error{Server: c.Origin(), Asked: asked, Err: err, Hint: hint}
}

// block asks for a block by its number or tag; chain.ErrNotFound where there is
// none.
func (c *client) block(ctx context.Context, tag string, full bool) (*rpcBlock, error) {
	var b rpcBlock
	asked := "block " + tag
	found, err := c.call(ctx, &b, "eth_getBlockByNumber", tag, full)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, c.wrong(asked, chain.ErrNotFound)
	}
	if b.height() < 0 || b.Hash == nil {
		return nil, c.wrong(asked, errors.New("no block of the chain: it has no number or no hash"))
	}
	return &b, nil
}

// fault says whether a node answered with an error, as one does that lacks what
// was asked for, or does not know the question.
func fault(err error) bool {
	var f *rpc.Fault
	return errors.As(err, &f)
}

// number asks for a quantity at a block; ok is false where the node cannot tell.
func (c *client) number(ctx context.Context, method string, params ...any) (n *big.Int, ok bool, err error) {
	var q quantity
	found, err := c.call(ctx, &q, method, params...)
	if err != nil && (fault(err) || errors.Is(err, rpc.ErrNotKept)) {
		return nil, false, nil
	}
	return q.Int, found, err
}

// read calls a contract at a block and returns the bytes; ok is false where it
// answers none.
func (c *client) read(ctx context.Context, contract Account, input []byte, at string) (out []byte, ok bool, err error) {
	var d blob
	found, err := c.call(ctx, &d, "eth_call", map[string]string{"to": "0x" + hex.EncodeToString(contract[:]), "data": "0x" + hex.EncodeToString(input)}, at)
	if err != nil && (fault(err) || errors.Is(err, rpc.ErrNotKept)) {
		return nil, false, nil
	}
	return d, found && len(d) > 0, err
}

func seconds(q quantity) time.Time {
	if n := q.height(); n >= 0 && n < 1<<40 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}
