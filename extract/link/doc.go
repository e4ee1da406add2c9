// Package link finds personas that are one person ([Vendors]) and addresses that
// are one site ([Sites]), as claims with a score and the reasons for it.
//
// The evidence is weighed as in record linkage (Fellegi and Sunter 1969): each
// piece adds log-odds to a prior that is against, and a value weighs the less the
// more personas have it, so that a market's own key or a sentence that everybody
// copies says nothing. Nothing is compared with everything: candidates are those
// that share a key, a contact, a rare sentence, a part of a sketch of their text or
// a form of their name, and a value with too many holders gives none. Time and
// memory grow with the personas and their text, not with the pairs.
//
// At a score of [Same] and above, 99 of 100 links of the labelled sets are right
// (internal/eval, links).
package link
