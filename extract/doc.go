// Package extract reads captures: from a page or a text it makes findings,
// listings, vendors and posts, each with the byte range it was read from.
//
// A [Reader] holds the page profiles (extract/profiles, docs/profiles.md), the
// lexicon (extract/lexicon) and the automaton built from it; it is made once and
// may be used by many goroutines.
//
// Invariants. For every finding f of a page p, p.Source[f.Start:f.End] == f.Raw,
// and for a text s, s[f.Start:f.End] == f.Raw: a value that is broken up by tags
// or entities has the range from its first byte to its last. Recognisers read
// the visible text (no script, no style) and never the inside of an armoured or
// base64 block, save for the one that reads keys. Names of the lexicon are looked
// for in the text as a person reads it: without characters that take no room,
// and with look-alike letters of another script as the letters they imitate; the
// ranges are those of the text as written. Findings are sorted by Start.
// Input is hostile: nothing panics, time and memory grow linearly with the
// input, and a page that cannot be parsed as a tree is still read as text.
// A field that is unknown is empty; nothing is guessed from its position.
package extract
