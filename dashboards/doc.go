// Package dashboards is the web interface of a workspace: a JSON API and a
// single-page application embedded in the binary.
//
// It reads and never writes: the index answers searches, the archive opens
// captures, the ledger answers traces, each behind an interface declared here.
//
// Invariants:
//   - It listens on loopback only, answers only to loopback Host names, and
//     shows nothing without a session. A session begins with a link that works
//     once.
//   - Captured bytes are never rendered: no response made of them is HTML, and
//     the application builds every node from text. They leave as JSON strings
//     or as an attachment of type application/octet-stream.
//   - The page loads nothing from another origin, and the server asks nothing
//     of any other machine.
package dashboards
