// Package change compares what two captures say. Its input is records, not bytes:
// what stands in no record (clocks, counters, tokens, rates) cannot differ.
//
//   - A value counts where both captures show one. Identifiers of a page (wallets,
//     keys, contacts) are a set; one that is not there any more counts too, where the
//     page was read whole.
//   - What the generic reader reads is compared without its numbers where they tell
//     nothing: titles and texts. Prices and stock are compared as numbers.
//   - A price in an asset, or converted from one, drifts with its rate: see [Compare]
//     and [Drift].
//   - A wall (captcha, login, queue, error) is no statement about what is behind it.
//   - A record is gone from a list only where its neighbours are still there: [Absent].
//
// Everything here is a pure function; its answers are claims, with a confidence.
package change

// Rule names this version of the comparison.
const Rule = "change@1"
