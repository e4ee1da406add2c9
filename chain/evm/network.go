package evm

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"tamga/internal/address"
)

// Network is an account ledger.
type Network struct {
	Name    string
	ChainID int64  // EIP-155
	Coin    string // symbol of its own coin
	tron    bool
}

var networks = []Network{
	{"ethereum", 1, "ETH", false},
	{"sepolia", 11155111, "ETH", false},
	{"ethereum-dev", 1337, "ETH", false}, // geth --dev
	{"tron", 728126428, "TRX", true},
	{"tron-nile", 3448148188, "TRX", true},
}

// Networks are the names of the account ledgers.
func Networks() (names []string) {
	for _, n := range networks {
		names = append(names, n.Name)
	}
	return names
}

// Lookup returns the network of a name.
func Lookup(name string) (Network, bool) {
	i := slices.IndexFunc(networks, func(n Network) bool { return n.Name == name })
	if i < 0 {
		return Network{}, false
	}
	return networks[i], true
}

func byID(id *big.Int) string {
	for _, n := range networks {
		if id.IsInt64() && id.Int64() == n.ChainID {
			return n.Name
		}
	}
	return fmt.Sprintf("the chain of id %s", id)
}

// NetworkOf is the main network whose subjects have the form of s, "" where they
// have none of ours: 0x and 40 or 64 digits (with :N), or an address of TRON.
func NetworkOf(s string) string {
	id, _, _ := strings.Cut(s, ":")
	if len(id) > 2 && (id[:2] == "0x" || id[:2] == "0X") {
		if _, err := hex.DecodeString(id[2:]); err == nil && (len(id) == 42 || len(id) == 66) {
			return "ethereum"
		}
	}
	for _, a := range address.ParseAll(s) {
		if a.Chain == address.Tron {
			return "tron"
		}
	}
	return ""
}

// Account is an address of 20 bytes.
type Account [20]byte

// ParseAccount reads an address: 0x and 40 digits, whose case must be right where
// it is mixed (EIP-55); on TRON also T… or 41 and 40 digits.
func (n Network) ParseAccount(s string) (a Account, err error) {
	if n.tron {
		for _, x := range address.ParseAll(s) {
			if x.Chain == address.Tron {
				return Account(x.Payload), nil
			}
		}
		if b, err := hex.DecodeString(s); err == nil && len(b) == 21 && b[0] == 0x41 {
			return Account(b[1:]), nil
		}
	}
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok {
		digits, ok = strings.CutPrefix(s, "0X")
	}
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || len(b) != 20 {
		return a, fmt.Errorf("%.80q is no address of %s", s, n.Name)
	}
	one := digits == strings.ToLower(digits) || digits == strings.ToUpper(digits)
	if v := address.EIP55("0x" + digits); !one && v[2:] != digits {
		return a, fmt.Errorf("%s: the case of its letters is not right (EIP-55); is a digit wrong?", s)
	}
	return Account(b), nil
}

// Format writes an address: EIP-55, or T… on TRON.
func (n Network) Format(a Account) string {
	if n.tron {
		return address.TronAddress(a)
	}
	return address.EIP55("0x" + hex.EncodeToString(a[:]))
}

// hash writes a hash: TRON's explorers leave 0x away.
func (n Network) hash(h hash) string {
	if n.tron {
		return hex.EncodeToString(h[:])
	}
	return "0x" + hex.EncodeToString(h[:])
}

// Standards of assets.
const (
	coin     = ""
	fungible = "20"
	unique   = "721"
	multi    = "1155"
)

// asset is the coin of a ledger (the zero value) or a token. It is comparable.
type asset struct {
	standard string
	contract Account
	id       string // decimal, of a token of 721 and 1155
}

// name writes an asset as its transfers name it.
func (n Network) asset(a asset) string {
	if a.standard == coin {
		return n.Coin
	}
	prefix := "erc"
	if n.tron {
		prefix = "trc"
	}
	s := prefix + a.standard + ":" + n.Format(a.contract)
	if a.standard != fungible {
		s += "/" + a.id
	}
	return s
}

// parseAsset reads what asset writes, and ETH or TRX in any case.
func (n Network) parseAsset(s string) (a asset, err error) {
	if strings.EqualFold(s, n.Coin) {
		return asset{}, nil
	}
	kind, rest, ok := strings.Cut(s, ":")
	kind = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(kind), "erc"), "trc")
	contract, id, one := strings.Cut(rest, "/")
	if !ok || !slices.Contains([]string{fungible, unique, multi}, kind) || one != (kind != fungible) {
		return a, fmt.Errorf("asset %.80q: want %s, erc20:CONTRACT, erc721:CONTRACT/ID or erc1155:CONTRACT/ID", s, n.Coin)
	}
	if one {
		v, ok := new(big.Int).SetString(id, 10)
		if !ok || v.Sign() < 0 || v.BitLen() > 256 {
			return a, fmt.Errorf("asset %.80q: the id is no number", s)
		}
		id = v.String()
	}
	c, err := n.ParseAccount(contract)
	return asset{kind, c, id}, err
}
