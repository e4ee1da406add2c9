package chain

import (
	"errors"
	"fmt"
	"strings"

	"tamga"
	"tamga/internal/address"
)

// ErrSubject says that what was named can be no subject on the ledger asked.
var ErrSubject = errors.New("no subject of this ledger")

// NoAddress is the error of text that is no address on a Bitcoin ledger: it tells
// of which other ledger it is one, by its checksum. It is ErrSubject.
func NoAddress(text string) error {
	var other []string
	for _, a := range address.ParseAll(text) {
		other = append(other, a.Chain)
	}
	if len(other) == 0 {
		return subjectError{fmt.Sprintf("%q is no address", text)}
	}
	return subjectError{fmt.Sprintf("%q is an address of %s, and this ledger is bitcoin", text, strings.Join(other, " or "))}
}

// OtherNetwork is the error of an address of a network that is not the one asked;
// nil where it can be of it: test networks but regtest share their addresses.
func OtherNetwork(a address.Address, asked string) error {
	if (a.Network == address.Mainnet) == (asked == address.Mainnet) {
		return nil
	}
	return subjectError{fmt.Sprintf("an address of %s, and the source holds %s", a.Network, asked)}
}

// noOutput is the error of TXID:N where the transaction has no such output.
func noOutput(tx *tamga.Tx) error {
	return subjectError{fmt.Sprintf("the transaction has outputs 0 to %d", len(tx.Out)-1)}
}

// subjectError reads as what it says, and is ErrSubject.
type subjectError struct{ text string }

func (e subjectError) Error() string { return e.text }

func (e subjectError) Is(target error) bool { return target == ErrSubject }
