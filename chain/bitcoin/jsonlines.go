package bitcoin

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"tamga"
)

// maxLine bounds one line of transactions as JSON: a full block with prevouts
// takes some 30 MB.
const maxLine = 256 << 20

// ReadTransactions calls fn for each transaction of JSON Lines: one a line, as
// Bitcoin Core or Esplora prints them, or a block or a list a line. network is
// whose they are; "" is told by the addresses of each line (NetworkOfAddresses).
// The error of a line that cannot be read names it and ends the reading.
func ReadTransactions(ctx context.Context, r io.Reader, network string, fn func(tx *tamga.Tx, network string) error) error {
	if _, ok := byName(network); !ok && network != "" {
		return fmt.Errorf("read transactions: no network %q", network)
	}
	unknown := func(Hash) (*stored, error) { return nil, nil }
	_, err := eachLine(ctx, r, func(line []byte) error {
		network := cmp.Or(network, NetworkOfAddresses(line))
		return eachPrinted(line, func(s *stored) error {
			tx, err := vocabulary(s, network, unknown)
			if err != nil {
				return err
			}
			return fn(tx, network)
		})
	})
	if err != nil {
		return fmt.Errorf("read transactions: %w", err)
	}
	return nil
}

// eachLine calls f for every line that is not empty.
func eachLine(ctx context.Context, r io.Reader, f func(line []byte) error) (read int64, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	var line []byte
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return read, err
		}
		line = line[:0]
		var more error
		for {
			part, err := in.ReadSlice('\n')
			line = append(line, part...)
			if len(line) > maxLine {
				return read, fmt.Errorf("line %d has more than %d bytes", n, maxLine)
			}
			if more = err; !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		read += int64(len(line))
		if more != nil && more != io.EOF {
			return read, more
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := f(text); err != nil {
				return read, fmt.Errorf("line %d: %w", n, err)
			}
		}
		if more == io.EOF {
			return read, nil
		}
	}
}

// eachPrinted calls fn for the transactions of a line: one, a block's or a list's.
func eachPrinted(line []byte, fn func(*stored) error) error {
	if line[0] == '[' {
		var all json.RawMessage
		if err := json.Unmarshal(line, &all); err != nil {
			return err
		}
		for one := range elements(all) {
			if err := printed(one, nil, fn); err != nil {
				return err
			}
		}
		return nil
	}
	var b jsonBlock
	if err := json.Unmarshal(line, &b); err != nil {
		return err
	}
	if len(b.Tx) == 0 || string(b.Tx) == "null" {
		return printed(line, nil, fn)
	}
	if b.Tx[0] != '[' {
		return fmt.Errorf("block %s: tx is no list", b.Hash)
	}
	id, err := ParseHash(b.Hash)
	if err != nil {
		return fmt.Errorf("block: %w", err)
	}
	info := &blockInfo{id: id, height: -1, stamp: uint32(b.Time)}
	if b.Height != nil {
		if *b.Height < 0 || *b.Height > maxHeight {
			return fmt.Errorf("block %s: height %d", b.Hash, *b.Height)
		}
		info.height = *b.Height
	}
	for one := range elements(b.Tx) {
		if err := printed(one, info, fn); err != nil {
			return fmt.Errorf("block %s: %w", b.Hash, err)
		}
	}
	return nil
}

// elements yields the text of each item of a list, which is well-formed JSON.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, start, quoted, escaped := 0, 0, false, false
		for i, c := range list {
			switch {
			case escaped:
				escaped = false
			case quoted:
				escaped, quoted = c == '\\', c != '"'
			case c == '"':
				quoted = true
			case c == '[' && depth == 0:
				depth, start = 1, i+1
			case c == '[' || c == '{':
				depth++
			case depth == 1 && (c == ',' || c == ']'):
				if one := bytes.TrimSpace(list[start:i]); len(one) > 0 && !yield(one) {
					return
				}
				start = i + 1
			case c == ']' || c == '}':
				depth--
			}
		}
	}
}

func printed(text []byte, block *blockInfo, fn func(*stored) error) error {
	if len(text) > 0 && text[0] == '"' {
		return errors.New("transactions are named only, want getblock verbosity 2 or 3")
	}
	var j jsonTx
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	s, err := j.build(block)
	if err != nil {
		return err
	}
	return fn(s)
}
