package remote

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Error codes of Bitcoin Core's RPC, which btcd shares.
const (
	codeNotFound      = -5 // RPC_INVALID_ADDRESS_OR_KEY
	codeNoMethod      = -32601
	codeWarmUp        = -28 // RPC_IN_WARMUP
	codeBusy          = -8  // of scanblocks: a scan is under way
	rpcID             = "tamga"
	maxRPCErrorLength = 300
)

// rpcError is an error that a node answers.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string {
	return fmt.Sprintf("the node answers %.*q (%d)", maxRPCErrorLength, e.Message, e.Code)
}

func isCode(err error, code int) bool {
	var e *rpcError
	return errors.As(err, &e) && e.Code == code
}

// call asks a node and returns the result as JSON.
func call(ctx context.Context, a asker, timeout time.Duration, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	args, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	q := question{name: method + " " + string(args), timeout: timeout}
	q.body = fmt.Appendf(nil, `{"jsonrpc":"1.0","id":%q,"method":%q,"params":%s}`, rpcID, method, args)
	fail := func(err error, hint string) error {
		return &Error{Server: a.origin(), Asked: q.name, Err: err, Hint: hint}
	}
	got, err := a.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	var r struct {
		Result json.RawMessage `json:"result"`
		Error  *rpcError       `json:"error"`
		ID     any             `json:"id"`
	}
	if err := json.Unmarshal(got.body, &r); err != nil {
		if got.status != 200 {
			err = fmt.Errorf("HTTP status %d", got.status)
		}
		return nil, fail(fmt.Errorf("not an answer of a node: %w", err), "chain.node is the address of its RPC port, like http://127.0.0.1:8332")
	}
	switch {
	case r.Error != nil && r.Error.Code == codeWarmUp:
		return nil, fail(r.Error, "the node is starting; ask again when it is ready")
	case r.Error != nil:
		return nil, fail(r.Error, "")
	case got.status != 200:
		return nil, fail(fmt.Errorf("HTTP status %d", got.status), "")
	case r.ID != rpcID:
		return nil, fail(lie("it is the answer to another question"), "")
	}
	return r.Result, nil
}

// read decodes a result.
func read(a asker, what string, result json.RawMessage, v any) error {
	if err := json.Unmarshal(result, v); err != nil {
		return &Error{Server: a.origin(), Asked: what, Err: fmt.Errorf("not the answer that was expected: %w", err)}
	}
	return nil
}

// unhex reads hexadecimal that may end in white space.
func unhex(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	raw := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(raw, text); err != nil {
		return nil, fmt.Errorf("not hexadecimal: %w", err)
	}
	return raw, nil
}
