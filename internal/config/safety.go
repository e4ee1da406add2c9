package config

import "path/filepath"

// Safety is what no crawl fetches, whoever asks for it.
type Safety struct {
	// Blocklist are files of one hash a line: the MD5, SHA-1 or SHA-256 of a host name,
	// a URL or a body (docs/sources.md). A name that is not absolute is under the workspace.
	Blocklist []string `toml:"blocklist"`
}

// Blocklists are the files of [Safety], under the workspace where they are not
// absolute.
func (w *Workspace) Blocklists(c *Config) []string {
	files := make([]string, len(c.Safety.Blocklist))
	for i, f := range c.Safety.Blocklist {
		if files[i] = f; !filepath.IsAbs(f) {
			files[i] = filepath.Join(w.Dir, f)
		}
	}
	return files
}
