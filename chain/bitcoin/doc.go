// Package bitcoin reads the Bitcoin ledger: blocks and transactions from bytes,
// block files as Bitcoin Core writes them, and a local index of the best chain
// that a trace can ask.
//
// Invariants: parsing copies nothing and allocates nothing that input merely
// promises; a block counts only when its merkle root matches; an index is
// written beside the old one and takes its place whole; every answer of an index
// was compared with the transaction it speaks of; no UTXO set is held in memory,
// and what an absent transaction paid stays unknown.
package bitcoin
