// Package tags says who is behind addresses: attribution tags, the actors they
// name, and the files in which agencies and companies exchange them.
//
// A tag is a claim ([tamga.Tag]) with its source, date and confidence. Invariants:
// a tag without a source is refused; a tag speaks for its address alone unless its
// source calls it a cluster definer; nothing is dropped in silence, a reader says
// what was wrong with its line; the tables of a [Store] are made from the claims of
// the evidence log and can be made again at any time.
package tags
