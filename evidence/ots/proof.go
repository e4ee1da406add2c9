package ots

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Limits of a proof. That of one calendar, upgraded, has about 1 KB and 40 levels.
const (
	MaxFile        = 64 << 10
	maxDepth       = 256
	maxNodes       = 4096
	maxAttestation = 8192
	maxURI         = 1000
)

var magic = []byte("\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94")

const version = 1

// The kinds of attestations that are read; others are kept as they are.
var (
	tagPending = [8]byte{0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e}
	tagBitcoin = [8]byte{0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01}
)

// Attestation is what somebody says of a message that a digest leads to.
type Attestation struct {
	Message []byte // what it is of
	URI     string // of a calendar that promises one: it is pending
	Height  int64  // of a Bitcoin block of which Message is the merkle root; -1 where it is none
	tag     [8]byte
	payload []byte
	at      *node
}

// Pending says that a calendar promised to find a block for the message.
func (a Attestation) Pending() bool { return a.tag == tagPending }

// Bitcoin says that the attestation is a block.
func (a Attestation) Bitcoin() bool { return a.tag == tagBitcoin }

// node is a message with what is said of it and what is made of it.
type node struct {
	msg  []byte
	said []Attestation
	made []branch
}

type branch struct {
	op op
	to *node
}

// Proof is a detached proof over a SHA-256 digest.
type Proof struct {
	Digest [sha256.Size]byte
	root   *node
}

// Parse reads the bytes of an .ots file. It accepts only a SHA-256 of the file
// that was stamped, which is what clients make.
func Parse(b []byte) (*Proof, error) {
	p, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("read OpenTimestamps proof: %w", err)
	}
	return p, nil
}

func parse(b []byte) (*Proof, error) {
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%d bytes: the limit is %d", len(b), MaxFile)
	}
	rest, ok := bytes.CutPrefix(b, magic)
	if !ok {
		return nil, errors.New("not a proof")
	}
	d := &decoder{b: rest}
	if v, err := d.uint(); err != nil || v != version {
		return nil, fmt.Errorf("version %d: only %d is known", v, version)
	}
	if t, err := d.byte(); err != nil || t != opSHA256 {
		return nil, errors.New("not over a SHA-256")
	}
	sum, err := d.bytes(sha256.Size)
	if err != nil {
		return nil, err
	}
	p := &Proof{Digest: [sha256.Size]byte(sum)}
	if p.root, err = d.tree(p.Digest[:]); err != nil {
		return nil, err
	}
	return p, nil
}

// Bytes writes the proof as an .ots file.
func (p *Proof) Bytes() []byte {
	b := append(bytes.Clone(magic), version, opSHA256)
	b = append(b, p.Digest[:]...)
	return p.root.append(b)
}

// Attestations lists what is said, in the order of the file.
func (p *Proof) Attestations() []Attestation {
	var out []Attestation
	var walk func(*node)
	walk = func(n *node) {
		for _, a := range n.said {
			a.Message, a.at = n.msg, n
			out = append(out, a)
		}
		for _, m := range n.made {
			walk(m.to)
		}
	}
	walk(p.root)
	return out
}

// ErrBlock: a block does not hold what the proof says.
var ErrBlock = errors.New("the merkle root of the block is another")

// CheckHeader checks a Bitcoin attestation against the 80 bytes of the header of
// the block of its height. That the header has work, and belongs to the best
// chain, is for who hands it in.
func (a Attestation) CheckHeader(header []byte) error {
	if !a.Bitcoin() || len(header) != 80 {
		return errors.New("no attestation of a block, or no header")
	}
	if !bytes.Equal(header[36:68], a.Message) {
		return ErrBlock
	}
	return nil
}
