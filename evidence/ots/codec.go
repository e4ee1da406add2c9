package ots

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decoder reads the parts of a proof. Nodes counts over the whole, so that
// hostile bytes cost no more than their length.
type decoder struct {
	b     []byte
	nodes int
}

func (d *decoder) byte() (byte, error) {
	if len(d.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c, nil
}

func (d *decoder) bytes(n int) ([]byte, error) {
	if n > len(d.b) {
		return nil, io.ErrUnexpectedEOF
	}
	out := d.b[:n:n]
	d.b = d.b[n:]
	return out, nil
}

// uint reads an unsigned LEB128, in the one shortest form.
func (d *decoder) uint() (uint64, error) {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || n > 1 && d.b[n-1] == 0 {
		return 0, errors.New("a number that is not whole or not in its shortest form")
	}
	d.b = d.b[n:]
	return v, nil
}

// varbytes reads a length and as many bytes.
func (d *decoder) varbytes(atLeast, atMost int) ([]byte, error) {
	n, err := d.uint()
	if err != nil {
		return nil, err
	}
	if n < uint64(atLeast) || n > uint64(atMost) {
		return nil, fmt.Errorf("%d bytes where %d to %d may stand", n, atLeast, atMost)
	}
	return d.bytes(int(n))
}

// tree reads what is said and made of msg, to the end of the bytes.
func (d *decoder) tree(msg []byte) (*node, error) {
	n, err := d.node(msg, 0)
	if err == nil && len(d.b) > 0 {
		err = fmt.Errorf("%d bytes behind the proof", len(d.b))
	}
	return n, err
}

func (d *decoder) node(msg []byte, depth int) (*node, error) {
	if d.nodes++; d.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("more than %d operations, or %d deep", maxNodes, maxDepth)
	}
	n := &node{msg: msg}
	for more := true; more; {
		tag, err := d.byte()
		if err != nil {
			return nil, err
		}
		if more = tag == 0xff; more {
			if tag, err = d.byte(); err != nil {
				return nil, err
			}
		}
		if tag == 0 {
			a, err := d.attestation()
			if err != nil {
				return nil, err
			}
			n.said = append(n.said, a)
			if len(n.made) > 0 {
				return nil, errors.New("an attestation behind an operation")
			}
			continue
		}
		o := op{tag: tag}
		if o.binary() {
			if o.arg, err = d.varbytes(1, maxMessage); err != nil {
				return nil, err
			}
		}
		result, err := o.apply(msg)
		if err != nil {
			return nil, err
		}
		to, err := d.node(result, depth+1)
		if err != nil {
			return nil, err
		}
		n.made = append(n.made, branch{o, to})
	}
	return n, nil
}

func (d *decoder) attestation() (a Attestation, err error) {
	tag, err := d.bytes(8)
	if err != nil {
		return a, err
	}
	a.tag, a.Height = [8]byte(tag), -1
	if a.payload, err = d.varbytes(0, maxAttestation); err != nil {
		return a, err
	}
	in := &decoder{b: a.payload}
	switch a.tag {
	case tagPending:
		uri, err := in.varbytes(0, maxURI)
		if err != nil {
			return a, err
		}
		if a.URI = string(uri); strings.Trim(a.URI, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:") != "" {
			return a, errors.New("the address of a calendar has characters that it may not have")
		}
	case tagBitcoin:
		h, err := in.uint()
		if err != nil || h > 1<<31 {
			return a, fmt.Errorf("no height of a block: %w", err)
		}
		a.Height = int64(h)
	default:
		return a, nil
	}
	if len(in.b) > 0 {
		return a, errors.New("bytes behind an attestation")
	}
	return a, nil
}

// append writes what is said, then what is made; all but the last are marked.
func (n *node) append(b []byte) []byte {
	last := len(n.said) + len(n.made) - 1
	for i, a := range n.said {
		if i < last {
			b = append(b, 0xff)
		}
		b = append(append(b, 0), a.tag[:]...)
		b = append(binary.AppendUvarint(b, uint64(len(a.payload))), a.payload...)
	}
	for i, m := range n.made {
		if len(n.said)+i < last {
			b = append(b, 0xff)
		}
		b = append(b, m.op.tag)
		if m.op.binary() {
			b = append(binary.AppendUvarint(b, uint64(len(m.op.arg))), m.op.arg...)
		}
		b = m.to.append(b)
	}
	return b
}
