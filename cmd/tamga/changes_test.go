package main

import (
	"net/http/httptest"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveSite DIR NAME serves the pages of a folder on loopback while the script
// runs, and sets NAME to the address. A file that is not there is 404.
func serveSite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve DIR NAME")
	}
	server := httptest.NewServer(folder(ts.MkAbs(args[0])))
	ts.Defer(server.Close)
	ts.Setenv(args[1], server.URL)
}
