// Package address reads and writes ledger addresses: the checksum codecs
// (base58check, bech32, bech32m), a table of the kinds of address each chain
// has, and the scripts that Bitcoin addresses stand for.
//
// Invariants: an Address that Parse returns has a right checksum and a payload
// that its kind allows; ToScript and FromScript are inverse to each other for
// every address with a script; nothing here allocates more than its input's
// length times a small constant, and input longer than an address can be is
// refused before it is looked at.
package address
