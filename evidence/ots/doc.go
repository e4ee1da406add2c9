// Package ots reads, makes and upgrades OpenTimestamps proofs: the path of hashes
// that leads from a digest to what somebody vouches for, a calendar's promise
// first and then the header of a Bitcoin block.
//
// The format is that of the reference client (github.com/opentimestamps/
// python-opentimestamps), byte for byte; docs/formats/timestamps.md tells what of
// it is read. What a proof says of Bitcoin is checked against a header that the
// caller has: nothing here asks the network about blocks.
package ots
