package address

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// maxBase58 bounds what is decoded: an extended key has 111 characters, and the
// conversion takes quadratic time.
const maxBase58 = 128

var base58Digit = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(base58Alphabet) {
		t[base58Alphabet[i]] = int8(i)
	}
	return t
}()

var (
	errBase58   = errors.New("not base58")
	errChecksum = errors.New("wrong checksum")
)

// decodeBase58 returns the bytes of s; each leading '1' is a zero byte.
func decodeBase58(s string) ([]byte, error) {
	if len(s) == 0 || len(s) > maxBase58 {
		return nil, errBase58
	}
	zeros := 0
	for zeros < len(s) && s[zeros] == '1' {
		zeros++
	}
	// The number in limbs of 32 bits, the least first. Five digits are taken at a
	// time: 58^5 is below 2^30, so that nothing overflows 64 bits.
	var limbs [maxBase58 * 6 / 32]uint32 // log2(58) < 6
	used := 0
	for i := zeros; i < len(s); {
		factor, carry := uint64(1), uint64(0)
		for n := 0; n < 5 && i < len(s); n, i = n+1, i+1 {
			d := base58Digit[s[i]]
			if d < 0 {
				return nil, errBase58
			}
			factor, carry = factor*58, carry*58+uint64(d)
		}
		for k := range used {
			carry += factor * uint64(limbs[k])
			limbs[k] = uint32(carry)
			carry >>= 32
		}
		if carry != 0 {
			limbs[used] = uint32(carry)
			used++
		}
	}
	out := make([]byte, zeros, zeros+4*used)
	for k := used - 1; k >= 0; k-- {
		out = binary.BigEndian.AppendUint32(out, limbs[k])
	}
	lead := zeros
	for lead < len(out) && out[lead] == 0 {
		lead++
	}
	return append(out[:zeros], out[lead:]...), nil
}

func encodeBase58(b []byte) string {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	out := make([]byte, len(b)*138/100+1) // log(256)/log(58) < 1.38
	start := len(out)
	for _, v := range b[zeros:] {
		carry := int(v)
		for k := len(out) - 1; k >= start || carry != 0; k-- {
			carry += 256 * int(out[k])
			out[k] = byte(carry % 58)
			carry /= 58
			if k < start {
				start = k
			}
		}
	}
	s := bytes.Repeat([]byte{'1'}, zeros)
	for _, d := range out[start:] {
		s = append(s, base58Alphabet[d])
	}
	return string(s)
}

// decodeBase58Check returns the version bytes and payload before the four
// checksum bytes (the first of a double SHA-256).
func decodeBase58Check(s string) ([]byte, error) {
	b, err := decodeBase58(s)
	if err != nil {
		return nil, err
	}
	if len(b) < 5 {
		return nil, errBase58
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	h := sha256.Sum256(body)
	h = sha256.Sum256(h[:])
	if !bytes.Equal(h[:4], sum) {
		return nil, errChecksum
	}
	return body, nil
}

func encodeBase58Check(body []byte) string {
	h := sha256.Sum256(body)
	h = sha256.Sum256(h[:])
	return encodeBase58(append(bytes.Clone(body), h[:4]...))
}
