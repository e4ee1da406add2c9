package config

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Bytes is a size written "4GiB", "512MiB", "64KiB" or as a number of bytes.
type Bytes int64

var byteUnits = []struct {
	name string
	size uint64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads what Bytes describes.
func (b *Bytes) UnmarshalText(text []byte) error {
	number, size := strings.TrimSpace(string(text)), uint64(1)
	for _, u := range byteUnits {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, size = strings.TrimSpace(rest), u.size
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	over, total := bits.Mul64(n, size)
	if err != nil || over != 0 || total > 1<<62 {
		return fmt.Errorf("%q: want a size like 4GiB or 512MiB", text)
	}
	*b = Bytes(total)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String writes the size in the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if n := uint64(b); b > 0 && n%u.size == 0 && u.size > 1 {
			return strconv.FormatUint(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// Set and Type make it the value of a flag.
func (b *Bytes) Set(s string) error { return b.UnmarshalText([]byte(s)) }

// Type names the kind of value in the help of a flag.
func (b *Bytes) Type() string { return "size" }
