// Package crawler fetches pages and hands every exchange to a [Sink] before
// anything is understood of it.
//
// Colly dispatches requests and parses pages; the frontier and the wire are
// ours. Underneath Colly lies a recording transport (one [tamga.Exchange] per
// hop, bytes as they were on the wire), above it a leased frontier in SQLite.
//
// Invariants.
//
//   - The frontier is a projection of the log behind the Sink. Its watermark is
//     the number of the first capture that may not have been applied, and moves
//     in the transaction that applies them; at the start the rest is replayed.
//     So a crawler that is killed loses nothing and captures no URL twice, and a
//     frontier that is lost is built again from the log.
//   - A URL is fetched once. Redirects are not followed inline: a hop is one
//     exchange and its target one more URL of the frontier.
//   - The network policy fails closed: a name under .onion or .i2p never meets a
//     resolver or a direct dial, private addresses are refused unless the crawl
//     is local, and no link or redirect crosses from one network to another.
//   - Memory does not grow with the crawl: no goroutine per URL, no set of visited
//     URLs, bounded bodies, bounded parsing.
//   - It only reads: GET, no forms, no scripts, no solving of captchas. robots.txt
//     is not consulted: what is watched is chosen by an analyst, and politeness
//     is the delay and the parallelism of each host.
package crawler
