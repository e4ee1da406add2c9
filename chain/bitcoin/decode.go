package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// DecodedTx is a transaction as `tamga chain decode` prints it.
type DecodedTx struct {
	TxID  string       `json:"txid"`
	WTxID string       `json:"wtxid"`
	Block string       `json:"block,omitempty"` // hash; empty for a loose transaction
	In    []DecodedIn  `json:"in"`
	Out   []DecodedOut `json:"out"`
}

// DecodedIn is an input: either Coinbase, or the output it spends.
type DecodedIn struct {
	Coinbase bool    `json:"coinbase,omitempty"`
	TxID     string  `json:"txid,omitempty"`
	Vout     *uint32 `json:"vout,omitempty"`
}

// DecodedOut is an output: Value in satoshis, Type and Address as present-day
// Bitcoin Core prints them.
type DecodedOut struct {
	N       uint32 `json:"n"`
	Value   string `json:"value"`
	Type    string `json:"type"`
	Address string `json:"address,omitempty"`
}

// MaxInput bounds the bytes that Decode reads at once, and so its memory: Bitcoin
// Core's block files have at most 128 MiB, and the largest block takes 8 MB as
// hexadecimal.
const MaxInput = 160 << 20

// DecodeFile decodes one file. A block file that Bitcoin Core masked is read
// with the xor.dat beside it.
func DecodeFile(ctx context.Context, file, network string, fn func(*DecodedTx) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := readAll(f)
	if err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	if _, plain := byMagic(b); !plain && filepath.Ext(file) == ".dat" {
		key, err := xorKey(filepath.Dir(file))
		if err == nil {
			err = checkKey(file, b, key)
		}
		if err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		masked := bytes.Clone(b[:min(len(b), 4)])
		unmask(masked, key, 0)
		if _, ok := byMagic(masked); ok {
			unmask(b, key, 0)
		}
	}
	if err := decodeBytes(ctx, b, network, fn); err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	return nil
}

// Decode reads blocks or transactions, raw or in hexadecimal, and calls fn for
// every transaction in order. Input may hold several, one after the other, a
// line each in hexadecimal, or framed by a network's magic as in block files;
// there the magic decides which network addresses are printed for. An error
// comes after everything that was whole before it was given to fn.
func Decode(ctx context.Context, r io.Reader, network string, fn func(*DecodedTx) error) error {
	b, err := readAll(r)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if err := decodeBytes(ctx, b, network, fn); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxInput+1))
	if err == nil && len(b) > MaxInput {
		err = fmt.Errorf("more than %d bytes; block files are indexed with chain index", MaxInput)
	}
	return b, err
}

func decodeBytes(ctx context.Context, b []byte, network string, fn func(*DecodedTx) error) error {
	if network == "" {
		network = networks[0].name
	}
	if _, ok := byName(network); !ok {
		return fmt.Errorf("no network %q", network)
	}
	d := &decoder{ctx: ctx, network: network, fn: fn}
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return errors.New("no input")
	case isHex(b):
		return d.hex(b)
	}
	return d.all(b)
}

// isHex says whether input is text of hexadecimal digits and white space.
func isHex(b []byte) bool {
	digits := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9', c|32 >= 'a' && c|32 <= 'f':
			digits++
		case c == ' ', c == '\n', c == '\r', c == '\t':
		default:
			return false
		}
	}
	return digits > 0
}

type decoder struct {
	ctx     context.Context
	network string
	fn      func(*DecodedTx) error
	scratch []byte
}

// hex decodes text piece by piece. Each piece is decoded by itself, so that what is
// cut off never goes on in what stands behind it.
func (d *decoder) hex(text []byte) error {
	var b []byte
	text = bytes.TrimSpace(text)
	for n := 1; len(text) > 0; n++ {
		var one []byte
		one, text = piece(text)
		var bad error
		b, bad = unhex(slices.Grow(b[:0], len(one)/2), one)
		err := d.all(b)
		if err == nil {
			err = bad
		}
		if err != nil && (n > 1 || len(text) > 0) {
			err = fmt.Errorf("piece %d: %w", n, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// piece splits off one piece of text: a word that holds something whole, or words
// of one length and a shorter one, as text is broken into lines.
func piece(text []byte) (first, rest []byte) {
	first, rest = word(text)
	begin := func(w []byte) bool {
		b, _ := unhex(make([]byte, 0, len(w)/2), w)
		return whole(b)
	}
	if len(rest) == 0 || begin(first) {
		return first, rest
	}
	next, after := word(rest)
	if begin(next) {
		return first, rest // and first is cut
	}
	for len(next) == len(first) && len(after) > 0 {
		rest = after
		next, after = word(rest)
	}
	if len(next) <= len(first) {
		rest = after
	}
	return text[:len(text)-len(rest)], rest
}

// word splits the first word off text that begins with one, as its rest does.
func word(text []byte) (first, rest []byte) {
	end := bytes.IndexAny(text, " \r\n\t")
	if end < 0 {
		return text, nil
	}
	return text[:end], bytes.TrimLeft(text[end:], " \r\n\t")
}

// unhex appends the bytes that text stands for, white space left out. Where its
// last digit has no partner, it returns the whole ones and an error.
func unhex(b, text []byte) ([]byte, error) {
	half, high := false, byte(0)
	for _, c := range text {
		v := c&15 + c>>6*9
		switch {
		case c <= ' ':
		case half:
			b, half = append(b, high<<4|v), false
		default:
			high, half = v, true
		}
	}
	if half {
		return b, fmt.Errorf("%w: an odd number of hexadecimal digits", ErrTruncated)
	}
	return b, nil
}

// whole says whether b starts with a whole framed block, block or transaction.
func whole(b []byte) bool {
	if _, framed := byMagic(b); framed {
		return true
	}
	var r blockReader
	if _, err := r.read(b, nil); err == nil {
		return true
	}
	var t rawTx
	_, err := parseTx(b, &t)
	return err == nil
}

// all decodes everything in b.
func (d *decoder) all(b []byte) error {
	some := false
	for pos := 0; pos < len(b); {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		rest := b[pos:]
		n, err := 0, error(nil)
		if net, framed := byMagic(rest); framed {
			n, err = d.framed(rest, net.name)
		} else if zeros := zeroRun(rest); zeros >= 8 || some && zeros == len(rest) {
			pos += zeros // padding as at the end of block files
			continue
		} else {
			n, err = d.one(rest, d.network)
		}
		if err != nil {
			if pos > 0 {
				return fmt.Errorf("at byte %d: %w", pos, err)
			}
			return err
		}
		pos += n
		some = true
	}
	if !some {
		return fmt.Errorf("%w: no block or transaction, only zero bytes", ErrTruncated)
	}
	return nil
}

func zeroRun(b []byte) int {
	for i, v := range b {
		if v != 0 {
			return i
		}
	}
	return len(b)
}

func (d *decoder) framed(b []byte, network string) (int, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("%w: a record of %d bytes", ErrTruncated, len(b))
	}
	size := int(binary.LittleEndian.Uint32(b[4:]))
	if size < headerSize+1 || size > maxSize {
		return 0, fmt.Errorf("a record of %d bytes", size)
	}
	body := b[8:min(len(b), 8+size)]
	n, err := d.block(body, network)
	switch {
	case errors.Is(err, ErrTruncated) && len(body) == size:
		return 0, fmt.Errorf("the block is longer than its record of %d bytes", size)
	case err != nil:
		return 0, err
	case n != size:
		return 0, fmt.Errorf("the block has %d bytes and its record %d", n, size)
	}
	return 8 + size, nil
}

// one decodes a block or a transaction.
func (d *decoder) one(b []byte, network string) (int, error) {
	if looksLikeBlock(b) {
		return d.block(b, network)
	}
	var t rawTx
	n, err := parseTx(b, &t)
	if err != nil {
		// Less than a header and the start of a coinbase can be either.
		return 0, fmt.Errorf("neither a block nor a transaction: %w", err)
	}
	id, scratch := t.txid(d.scratch)
	d.scratch = scratch
	return n, d.fn(render(&t, id, "", network))
}

// block decodes one block. When it is whole, its merkle root is checked before
// any of its transactions is given on; when it is cut off, those that are whole
// come before the error.
func (d *decoder) block(b []byte, network string) (int, error) {
	var r blockReader
	var wit witnessCheck
	_, fault := r.read(b, wit.add)
	if fault == nil {
		fault = wit.check()
	}
	if fault != nil && !errors.Is(fault, ErrTruncated) {
		return 0, fmt.Errorf("block: %w", fault)
	}
	if len(b) < headerSize {
		return 0, fmt.Errorf("block: %w", fault)
	}
	id := header(b).hash().String()
	n, err := r.read(b, func(_ int, t *rawTx, txid Hash, _ int) error {
		return d.fn(render(t, txid, id, network))
	})
	if err != nil {
		return 0, fmt.Errorf("block %s: %w", id, err)
	}
	return n, nil
}

func render(t *rawTx, id Hash, block, network string) *DecodedTx {
	name := id.String()
	wname := name
	if t.segwit {
		wname = t.wtxid().String()
	}
	tx := &DecodedTx{
		TxID: name, WTxID: wname, Block: block,
		In: make([]DecodedIn, 0, t.nIn), Out: make([]DecodedOut, 0, t.nOut),
	}
	t.inputs(func(_ int, in input) {
		if in.coinbase() {
			tx.In = append(tx.In, DecodedIn{Coinbase: true})
			return
		}
		vout := in.vout
		tx.In = append(tx.In, DecodedIn{TxID: Hash(in.prev).String(), Vout: &vout})
	})
	t.outputs(func(n int, out output) bool {
		typ, addr := scriptAddress(out.script, network)
		tx.Out = append(tx.Out, DecodedOut{
			N: uint32(n), Value: strconv.FormatInt(out.value, 10), Type: typ, Address: addr,
		})
		return true
	})
	return tx
}
