package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error codes of Bitcoin Core's RPC, which btcd shares.
const (
	CodeNotFound      = -5 // RPC_INVALID_ADDRESS_OR_KEY
	CodeNoMethod      = -32601
	CodeWarmUp        = -28 // RPC_IN_WARMUP
	CodeBusy          = -8  // of scanblocks: a scan is under way
	rpcID             = "tamga"
	maxRPCErrorLength = 300
)

// Fault is an error that a node answers.
type Fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Fault) Error() string {
	return fmt.Sprintf("the node answers %.*q (%d)", maxRPCErrorLength, e.Message, e.Code)
}

// hint is what to do where a node says that it does not hold a block.
func (e *Fault) hint() string {
	switch {
	case strings.Contains(e.Message, "pruned data"):
		return "the node has thrown old blocks away (prune=): ask one that keeps them all, or an Esplora server"
	case strings.Contains(e.Message, "not fully downloaded"), strings.Contains(e.Message, "initial block download"):
		return "the node is still loading the chain: ask again when it is done"
	}
	return ""
}

// IsCode says whether an error is, or wraps, a Fault of that code.
func IsCode(err error, code int) bool {
	var e *Fault
	return errors.As(err, &e) && e.Code == code
}

// Call asks a node in that version of JSON-RPC and returns the result as JSON.
// What the node answers in place of one is a *Fault.
func Call(ctx context.Context, a Asker, version string, timeout time.Duration, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	args, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	q := Question{Name: method + " " + string(args), Timeout: timeout}
	q.Body = fmt.Appendf(nil, `{"jsonrpc":%q,"id":%q,"method":%q,"params":%s}`, version, rpcID, method, args)
	fail := func(err error, hint string) error {
		return &Error{Server: a.Origin(), Asked: q.Name, Err: err, Hint: hint}
	}
	got, err := a.Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	var r struct {
		Result json.RawMessage `json:"result"`
		Error  *Fault          `json:"error"`
		ID     any             `json:"id"`
	}
	if err := json.Unmarshal(got.Body, &r); err != nil {
		if got.Status != 200 {
			err = fmt.Errorf("HTTP status %d", got.Status)
		}
		return nil, fail(fmt.Errorf("not an answer of a node: %w", err), "the address is that of its RPC port, like http://127.0.0.1:8332")
	}
	switch {
	case r.Error != nil && r.Error.Code == CodeWarmUp:
		return nil, fail(r.Error, "the node is starting; ask again when it is ready")
	case r.Error != nil:
		return nil, fail(r.Error, r.Error.hint())
	case got.Status != 200:
		return nil, fail(fmt.Errorf("HTTP status %d", got.Status), "")
	case r.ID != rpcID:
		return nil, fail(Lie("it is the answer to another question"), "")
	}
	return r.Result, nil
}

// Read decodes a result.
func Read(a Asker, what string, result json.RawMessage, v any) error {
	if err := json.Unmarshal(result, v); err != nil {
		return &Error{Server: a.Origin(), Asked: what, Err: fmt.Errorf("not the answer that was expected: %w", err)}
	}
	return nil
}

// Unhex reads hexadecimal that may end in white space.
func Unhex(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	raw := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(raw, text); err != nil {
		return nil, fmt.Errorf("not hexadecimal: %w", err)
	}
	return raw, nil
}
