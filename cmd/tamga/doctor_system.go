package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"tamga/evidence"
	"tamga/index"
)

// Free space: below the first a crawl will soon stop, below the second it should
// not begin.
const (
	diskWarn = 5 << 30   // bytes
	diskFail = 256 << 20 // bytes
)

func (d *doctor) disk() {
	dir := "."
	if d.ws != nil {
		dir = d.ws.Dir
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		d.bad("disk", false, fmt.Sprintf("%s: %v", dir, err), "")
		return
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	detail := fmt.Sprintf("%.1f GiB free", float64(free)/(1<<30))
	switch {
	case free < diskFail:
		d.bad("disk", d.ws != nil, detail, "make room before the next crawl; `tamga retention` deletes what its basis no longer covers")
	case free < diskWarn:
		d.bad("disk", false, detail, "a crawl of a market takes some gigabytes")
	default:
		d.ok("disk", "%s", detail)
	}
}

func (d *doctor) index() {
	if d.ws == nil {
		return
	}
	archive, err := evidence.OpenReader(d.ws.Evidence())
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		d.bad("evidence", true, err.Error(), "`tamga verify` tells which file")
	default:
		d.ok("evidence", "%d entries in the log", archive.Len())
		archive.Close()
	}
	engine := d.conf.Index.Engine
	if engine == "bleve" {
		if _, err := os.Stat(d.ws.Index()); errors.Is(err, os.ErrNotExist) {
			d.ok("index", "bleve, nothing indexed yet")
			return
		}
	}
	store, err := d.app.store(d.ws, d.conf)
	if err == nil {
		defer store.Close()
		var at int64
		if at, err = store.Checkpoint(d.ctx); err == nil {
			if behind := d.unread(at); behind > 0 {
				d.bad("index", false, fmt.Sprintf("%s, %d captures behind the log", engine, behind), "the next crawl reads them, or `tamga reindex`")
			} else {
				d.ok("index", "%s, up to date", engine)
			}
			return
		}
	}
	if errors.Is(err, index.ErrUnreachable) {
		d.absent("index", true, err.Error(), hint(err))
		return
	}
	d.bad("index", true, err.Error(), "it holds nothing of its own: `tamga reindex` makes it again")
}

// unread counts the captures from an entry of the log on.
func (d *doctor) unread(from int64) (n int) {
	archive, err := evidence.OpenReader(d.ws.Evidence())
	if err != nil {
		return 0
	}
	defer archive.Close()
	for _, err := range archive.Captures(d.ctx, from) {
		if err != nil {
			break
		}
		n++
	}
	return n
}

// clock looks for what would spoil the times of captures.
func (d *doctor) clock() {
	now := d.now()
	if last := d.lastStored(); last.After(now.Add(time.Minute)) {
		d.bad("clock", true, fmt.Sprintf("%s, and the last capture is of %s", now.UTC().Format(time.RFC3339), last.Format(time.RFC3339)), "set the clock by NTP before the next crawl")
		return
	}
	if synchronised, known := clockSynchronised(); known && !synchronised {
		d.bad("clock", false, now.UTC().Format(time.RFC3339)+", not synchronised", "run an NTP client; `tamga seal` has others vouch for the time")
		return
	}
	d.ok("clock", "%s", now.UTC().Format(time.RFC3339))
}

// lastStored is when the last of the log's captures was stored, by what the last
// entries say.
func (d *doctor) lastStored() (last time.Time) {
	if d.ws == nil {
		return
	}
	archive, err := evidence.OpenReader(d.ws.Evidence())
	if err != nil {
		return
	}
	defer archive.Close()
	for c, err := range archive.Captures(d.ctx, max(0, archive.Len()-64)) {
		if err != nil {
			return
		}
		if c.Stored.After(last) {
			last = c.Stored
		}
	}
	return last
}

// programs that some verbs call.
func (d *doctor) programs() {
	if path := look("chromium", "chromium-browser", "google-chrome"); path != "" {
		d.ok("chromium", "%s", path)
	} else {
		d.absent("chromium", d.needs.browser, "not installed: pages that need scripts are not drawn", "Debian: apt-get install chromium")
	}
	if path := look("openssl"); path != "" {
		d.ok("openssl", "%s", path)
	} else {
		d.absent("openssl", false, "not installed: time-stamps can be checked by tamga only", "Debian: apt-get install openssl")
	}
}

func look(names ...string) string {
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
	}
	return ""
}

// localHost: a name or address of this machine or its network.
func localHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && (ip.IsLoopback() || ip.IsPrivate())
}
