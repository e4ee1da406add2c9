// Package torctl asks a Tor process how it is, over its control port
// (control-spec.txt). It only asks: it signals nothing, sets no option and takes
// no circuit down. NEWNYM in particular is not a way to keep two visitors apart,
// since it does not end what is open; that is done by SOCKS credentials.
//
// Invariants. What the other end says is not trusted: a line, a reply and the
// events that wait are bounded, and a broken reply ends the connection. The
// cookie itself is sent only where the other end knows no safer way, and only to
// this machine.
package torctl
