// Package decode turns a payload as it was on the wire into the UTF-8 text
// that people and recognisers read: it undoes content codings ([Body]) and
// character encodings ([UTF8]).
//
// It is the only place that does either, so every byte offset of the program
// (a Span, a Finding) refers to the same text.
//
// Invariants. Input is hostile: nothing panics, no output grows past the bound
// the caller gives, and the same bytes always give the same text. Wire bytes
// are never changed; a decoded body is a copy, or the input itself where there
// was nothing to undo.
package decode
