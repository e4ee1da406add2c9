// Package evidence is the append-only archive: the bytes of every exchange in
// WARC files, and a Merkle log with one entry a capture that names each of those
// bytes by file, offset, length and SHA-256.
//
//	DIR/warc/tamga-000000.warc.gz   WARC 1.1, one gzip member a record
//	DIR/log/entries                 the log, one framed JSON entry a line
//	DIR/log/hashes                  hashes of its Merkle tree
//	DIR/log/head                    signed size and root of the tree
//	DIR/log/key                     public key that verifies the head
//
// Invariants:
//
//   - Bytes first: WARC bytes and tree hashes are written before the entry that
//     they belong to, and all of them reach the disk before a head that counts
//     them is signed. An entry that is whole is never taken back.
//   - Every byte under warc/ stands in exactly one entry, and every byte of the
//     log is covered by the signed head.
//   - What is beyond the signed head may be cut short by a crash, and is then cut
//     back to the last whole record and named; what is whole must be right. A
//     changed byte is never repaired.
//   - Nothing is rewritten except the head, which is replaced as a whole, and the
//     bytes of captures that are removed: a signed tombstone announces what takes
//     their place, at the same length (docs/adr/0007-removal-under-tombstones.md).
//   - A capture's number is its place in the log, for ever.
//
// The formats are in docs/formats/warc.md and docs/formats/log.md.
package evidence
