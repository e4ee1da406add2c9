// Package session keeps what an analyst is logged in with: cookies, user agent and
// local storage of one host, read from what browsers export, encrypted at rest, and
// sent to that host only.
//
// A Session is bound to a host, with or without a port, and to an operator. A Vault
// holds sessions in files. A Live session is one that is in use: it answers a
// crawler that asks what to send with a request, and takes what responses set.
//
// Nothing here prints, logs or puts into an error the value of a cookie or of an
// item of local storage.
package session
