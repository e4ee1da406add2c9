package ots

import (
	"crypto/sha1" // the format has it; nothing here is stamped with it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/ripemd160" // the format has it, as Bitcoin does
	"golang.org/x/crypto/sha3"
)

// The operations, by their byte in a proof.
const (
	opSHA1      = 0x02
	opRIPEMD160 = 0x03
	opSHA256    = 0x08
	opKeccak256 = 0x67
	opAppend    = 0xf0
	opPrepend   = 0xf1
	opReverse   = 0xf2
	opHexlify   = 0xf3
)

// maxMessage bounds what an operation takes and gives, in bytes.
const maxMessage = 4096

// op is an operation on a message; arg is of append and prepend.
type op struct {
	tag byte
	arg []byte
}

func (o op) binary() bool { return o.tag == opAppend || o.tag == opPrepend }

func (o op) apply(m []byte) ([]byte, error) {
	var out []byte
	switch o.tag {
	case opSHA1:
		s := sha1.Sum(m)
		out = s[:]
	case opSHA256:
		s := sha256.Sum256(m)
		out = s[:]
	case opRIPEMD160:
		h := ripemd160.New()
		h.Write(m)
		out = h.Sum(nil)
	case opKeccak256:
		h := sha3.NewLegacyKeccak256()
		h.Write(m)
		out = h.Sum(nil)
	case opAppend:
		out = slices.Concat(m, o.arg)
	case opPrepend:
		out = slices.Concat(o.arg, m)
	case opReverse:
		out = slices.Clone(m)
		slices.Reverse(out)
	case opHexlify:
		out = hex.AppendEncode(nil, m)
	default:
		return nil, fmt.Errorf("the unknown operation %#02x", o.tag)
	}
	if len(out) == 0 || len(out) > maxMessage {
		return nil, errors.New("an operation with a result that is empty or too long")
	}
	return out, nil
}
