// Package evm follows value on account ledgers: Ethereum, its tokens (ERC-20,
// ERC-721, ERC-1155) and, by the same questions, TRON's tokens (TRC-20, TRC-721).
// A node is asked over JSON-RPC.
//
// Invariants. A transfer is a fact of the ledger as the node tells it; every answer
// is kept (chain/rpc) and compared with what was asked and with the others: a
// log's contract, topics, block and place, a block's number and parent, a
// transaction against its hash. What is not seen is not guessed: a balance from
// before the range whose amount is unknown stays unknown, and so does an account
// whose transfers do not add up to the balance that the node tells. Which credit
// a debit consumed is a method's answer (docs/heuristics.md), never a fact.
package evm
