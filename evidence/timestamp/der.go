package timestamp

import "errors"

// Limits of a response. Real ones have 2 to 10 KB, with the certificates of the
// chain, and nest about 14 deep.
const (
	maxResponse = 256 << 10 // bytes
	maxDepth    = 40
)

var errDER = errors.New("not DER within the limits of a time-stamp response")

// checkDER walks b once and refuses what is not a run of elements in definite
// form, or nests deeper than maxDepth: the parsers below take time that grows
// with the depth.
func checkDER(b []byte, depth int) error {
	if depth > maxDepth {
		return errDER
	}
	for len(b) > 0 {
		constructed := b[0]&0x20 != 0
		i := 1
		if b[0]&0x1f == 0x1f { // tag of several bytes
			for i < len(b) && b[i]&0x80 != 0 {
				i++
			}
			i++
		}
		if i >= len(b) || i > 6 {
			return errDER
		}
		n := int(b[i])
		i++
		if n > 0x7f {
			count := n & 0x7f
			if count == 0 || count > 4 || i+count > len(b) {
				return errDER
			}
			n = 0
			for _, c := range b[i : i+count] {
				n = n<<8 | int(c)
			}
			i += count
		}
		if n > len(b)-i {
			return errDER
		}
		if constructed {
			if err := checkDER(b[i:i+n], depth+1); err != nil {
				return err
			}
		}
		b = b[i+n:]
	}
	return nil
}
