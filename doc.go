// Package tamga is the vocabulary of the program: the nouns that every stage
// shares, and nothing else. It imports the standard library only.
//
// A noun is either a fact or a claim. A fact was read from sealed bytes and
// carries the [Span] it was read from; a claim was inferred and carries its
// method, parameters and confidence. Nothing inferred is stored as a fact.
//
// The stages (crawler, evidence, extract, chain, index) know these types and
// never each other; they meet in internal/pipeline.
package tamga

// Version is the version of the program, written into every capture.
const Version = "0.1.0"
