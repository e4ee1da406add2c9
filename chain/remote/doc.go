// Package remote asks servers about a ledger: a node by JSON-RPC (Bitcoin Core or
// btcd), or an Esplora server such as those of mempool.space and blockstream.info.
//
// Invariants. A transaction is what its bytes say: they are read by our own
// parser, their double SHA-256 must be the id that was asked for, a block's bytes
// must have its hash and its merkle root, and the first block must be that of the
// network. What the bytes do not hold (the block of a transaction, the height of a
// block, the outputs that an input spends where the server prints them, and that
// nothing was left out) is the server's word; it is compared with what is at hand, and the answer is kept with
// its origin. Every answer is kept before it is used, so that a trace can be
// repeated from the kept answers alone; how servers are reached, and how answers
// are kept, is chain/rpc's.
package remote
