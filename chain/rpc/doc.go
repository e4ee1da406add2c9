// Package rpc puts questions to servers of ledgers over HTTP and keeps what they
// answer.
//
// Invariants. Nothing is asked past the proxy: a server off this machine is
// reached through it, or not at all, unless the settings say so. An answer is kept
// byte for byte, with its origin, time and SHA-256, before it is used
// (docs/formats/answers.md), so that the same questions can be answered again with
// nobody asked. What an answer is worth is for the packages to judge that read it.
package rpc
