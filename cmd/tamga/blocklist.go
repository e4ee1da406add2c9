package main

import (
	"tamga/crawler"
	"tamga/internal/config"
)

// blocklist reads what must never be fetched. A list that cannot be read stops
// the command: nothing is collected without the gate that was asked for.
func blocklist(ws *config.Workspace, conf *config.Config) (*crawler.Blocklist, error) {
	b, err := crawler.OpenBlocklist(ws.Blocklists(conf)...)
	if err != nil {
		return nil, hinted{err, "one hash a line, MD5 or SHA-256 of a host name or URL; `safety.blocklist` in tamga.toml names the files"}
	}
	return b, nil
}
