package crawler

import (
	"math/big"
	"strconv"
	"strings"
)

// statusPosition orders the ids of the servers that speak Mastodon's API: its own
// numbers, GoToSocial's ULIDs (github.com/ulid/spec: ten digits of Crockford's
// base 32 are the time in milliseconds), Pleroma's flakes (128 bits in base 62, of
// which the upper half is the time in milliseconds). 0 where an id is none of them.
func statusPosition(id string) int64 {
	switch {
	case id != "" && len(id) < 19 && strings.Trim(id, "0123456789") == "":
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return 0
		}
		return n
	case len(id) == 26:
		n := int64(0)
		for _, c := range strings.ToUpper(id[:10]) {
			d := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c)
			if d < 0 || n >= 1<<43 {
				return 0
			}
			n = n<<5 | int64(d)
		}
		return n
	case len(id) == 18:
		n := new(big.Int)
		for _, c := range id {
			d := strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", c)
			if d < 0 {
				return 0
			}
			n.Add(n.Mul(n, big.NewInt(62)), big.NewInt(int64(d)))
		}
		return n.Rsh(n, 64).Int64()
	}
	return 0
}
