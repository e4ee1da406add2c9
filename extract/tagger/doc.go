// Package tagger finds the names of drugs and the quantities in sentences of
// English prose with a model learnt from annotated text.
//
// The model is a linear-chain conditional random field over words, their shapes,
// endings and parts, their neighbours, and the marks a caller puts on tokens (what
// its lexicon knows of them). One model serves two registers, talk and news, whose
// annotations differ: a weight has a part for both and a part for each.
//
// Invariants. Training is one thread with arithmetic that rounds the same on every
// machine: equal input gives equal bytes. Tagging takes time and memory linear in
// the tokens, panics on no input, and gives spans by start, none overlapping, that
// begin and end where tokens do. A model file that is not whole is an error.
package tagger
