package index

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tamga/internal/address"
)

// Shapes of identifiers that are searched as a whole. Those without a checksum
// here are only recognised by shape; extraction checked them when it read them.
var (
	reOnion  = regexp.MustCompile(`^(?i)(?:[a-z0-9-]+\.)*([a-z2-7]{56}|[a-z2-7]{16})\.onion\.?$`)
	reOnion3 = regexp.MustCompile(`^(?i)[a-z2-7]{55}d$`) // version 3 ends in d
	rePGP    = regexp.MustCompile(`^(?i)[0-9a-f]{40}$`)
	reTxID   = regexp.MustCompile(`^(?i)(?:0x)?[0-9a-f]{64}$`)
	reEVM    = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
	reEmail  = regexp.MustCompile(`^[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}$`)
	reHandle = regexp.MustCompile(`^@[A-Za-z0-9_.]{2,64}$`)
)

// identify reads a bare word that is an identifier: a wallet address (its case
// kept), onion service, PGP fingerprint, transaction id, digest, e-mail address,
// @handle or URL.
func identify(w string) (Node, bool) {
	term := func(field string, values ...string) (Node, bool) {
		return Term{Field: field, Values: slices.Compact(values), Fold: lookup(field).Case == CaseName}, true
	}
	if as := address.ParseAll(w); len(as) > 0 {
		values := []string{w}
		for _, a := range as {
			if !slices.Contains(values, a.Value) {
				values = append(values, a.Value)
			}
		}
		return term("address", values...)
	}
	if as := address.Shapes(w); len(as) > 0 && as[0].Chain != address.Ethereum {
		return term("address", as[0].Value, w)
	}
	switch {
	case reEVM.MatchString(w):
		return term("address", w, strings.ToLower(w), address.EIP55(w))
	case reOnion3.MatchString(w):
		return term("onion", strings.ToLower(w)+".onion", strings.ToLower(w))
	case reOnion.MatchString(w):
		host := strings.ToLower(reOnion.FindStringSubmatch(w)[1])
		return term("onion", host+".onion", host)
	case rePGP.MatchString(w):
		return term("pgp", strings.ToUpper(w))
	case reTxID.MatchString(w):
		// Some ledgers write the id with 0x, some without.
		bare := strings.TrimPrefix(strings.ToLower(w), "0x")
		return term("txid", bare, "0x"+bare)
	case strings.HasPrefix(w, "sha256:") && reTxID.MatchString(w[len("sha256:"):]):
		return term("capture", strings.ToLower(w))
	case reEmail.MatchString(w):
		return term("email", strings.ToLower(w))
	case reHandle.MatchString(w):
		return term("handle", w, w[1:])
	case strings.Contains(w, "://"):
		if u, err := url.Parse(w); err == nil && u.Host != "" {
			return term("url", w)
		}
	}
	return nil, false
}
