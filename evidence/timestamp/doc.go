// Package timestamp asks time-stamping authorities for tokens over a digest, and
// verifies such tokens (RFC 3161, RFC 5816).
//
// The encoding is read by github.com/digitorus/timestamp, which checks neither
// what was stamped nor by whom. [Verify] does: the imprint is the digest, the
// signed content is a TSTInfo, the signed attributes name the certificate that
// signs, that certificate is for time-stamping alone, and it leads to one of the
// given roots at the time that the token states.
//
// Revocation is checked against lists that are handed in: nothing here asks the
// network.
package timestamp
