// Package importer takes in what others have saved: web archives, saved pages,
// mailboxes and the exports of messengers. It cuts a file into its records and
// seals each as a capture of route import, before anything of it is understood;
// the readers of package extract read those captures like any other.
//
// Invariants:
//
//   - The body of a capture are the bytes of the record as they stand in the file.
//     Where a format wraps a response (WARC, HAR), it is the response's own body.
//   - A manifest capture names the file with its length and SHA-256, and each
//     record says at which byte of it it stands, so a part can be checked against
//     the whole.
//   - A record that is sealed already, by content, address and, where the record
//     tells one, time, is not sealed again: an interrupted import carries on, and a
//     newer export adds what is new.
//   - What is wrong with a file is listed, with the place. A record that is damaged
//     but can be told from its neighbours is sealed and marked.
//   - Files are read as streams; memory is bounded by MaxRecord, not by the file.
//   - Nothing is written outside of the archive: names inside of a file are never
//     paths.
package importer
