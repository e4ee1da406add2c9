// Package demo is a market that does not exist and the ledger its customers
// paid on: what the program shows itself with, and what its tests run on.
//
// "Bazaar Nowhere" is generated from a seed: about 200 offers of 40 invented
// vendors in English and Russian, with the shapes and the dirt of a real market
// (hand-written quantities, six currencies, old character encodings, stored
// markup, a homoglyph title, a mirror, dead links). Every page carries a banner
// that says what it is. [Market.Truth] says what stands on the pages, so that a
// reader can be checked against it.
//
// There is a story to find. A vendor left one name and came back under another,
// with the same PGP key; two vendors share a wallet; the money of the vendor who
// moved runs through a peel chain, is gathered, and ends at an exchange.
//
// Invariants: the same seed gives the same bytes. Nothing real is named: wallets
// are regtest addresses nobody has a key for, onions begin with "demo" and are
// hashes of nothing, mail is at example domains, handles begin with nowhere_demo.
// No page says how a substance is made or used.
package demo
