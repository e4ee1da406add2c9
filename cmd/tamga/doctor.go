package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/internal/config"
)

// errUnreachable ends a verb that lacks something it depends on.
var errUnreachable = errors.New("cannot be reached")

// The states of a check, from good to bad.
const (
	checkOK   = "ok"
	checkWarn = "warn"
	checkFail = "fail"
)

// check is one line of `tamga doctor` (docs/json.md).
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	Needed bool   `json:"needed"` // what is configured does not work without it

	missing bool // it failed because it is not there
}

// doctor is an examination under way.
type doctor struct {
	ctx    context.Context
	app    *app
	now    func() time.Time
	ws     *config.Workspace // nil without a workspace
	conf   *config.Config
	needs  needs
	checks []check
}

func (d *doctor) ok(name, format string, a ...any) {
	d.checks = append(d.checks, check{Name: name, Status: checkOK, Detail: fmt.Sprintf(format, a...)})
}

// bad notes a fault: a failure where what failed is needed, else a warning.
func (d *doctor) bad(name string, needed bool, detail, hint string) *check {
	c := check{Name: name, Status: checkWarn, Detail: strings.ReplaceAll(detail, "\n", "; "), Hint: hint, Needed: needed}
	if needed {
		c.Status = checkFail
	}
	d.checks = append(d.checks, c)
	return &d.checks[len(d.checks)-1]
}

// absent is bad for something that cannot be reached.
func (d *doctor) absent(name string, needed bool, detail, hint string) {
	d.bad(name, needed, detail, hint).missing = true
}

func newDoctor(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check Tor, I2P, the index, the disk and the clock",
		Long: `Doctor checks what the workspace depends on, a line each: ok, warn or fail, with a
hint where there is something to do. It changes nothing, sends nothing off this
machine, and works beside a crawl and without a workspace.

Tor is asked over its SOCKS port and, for its version, how far it has come and how it
isolates, over its control port (crawl.control). A check fails only where what is
configured needs it; the exit code is 13 where something needed cannot be reached, 1
where another check fails.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{ctx: cmd.Context(), app: a, now: time.Now}
			if err := d.examine(); err != nil {
				return err
			}
			return d.report()
		},
	}
}

func (d *doctor) examine() error {
	if err := d.workspace(); err != nil {
		return err
	}
	d.disk()
	d.tor()
	d.i2p()
	d.index()
	d.clock()
	d.programs()
	d.drawing()
	for i := range d.checks {
		c := &d.checks[i]
		c.Needed = c.Needed || map[string]bool{"tor-proxy": d.needs.tor, "i2p-proxy": d.needs.i2p, "chromium": d.needs.browser, "index": true}[c.Name]
	}
	return nil
}

// workspace finds it and its settings. Without one, unless it was named, the
// defaults and the environment are looked at, and nothing is needed.
func (d *doctor) workspace() error {
	ws, conf, err := d.app.open()
	switch {
	case errors.Is(err, config.ErrNoWorkspace) && d.app.workspace == "":
		d.bad("workspace", false, err.Error(), hint(err))
		d.conf, err = config.Load("", os.LookupEnv)
		return err
	case err != nil:
		return err
	}
	d.ws, d.conf, d.needs = ws, conf, needsOf(conf)
	unlock, err := ws.Lock()
	switch {
	case err == nil:
		unlock()
		d.ok("workspace", "%s, %d sources", ws.Dir, len(conf.Sources))
	case errors.Is(err, config.ErrLocked):
		d.ok("workspace", "%s, %d sources; another tamga is writing to it", ws.Dir, len(conf.Sources))
	default:
		d.bad("workspace", true, err.Error(), "it must be a folder that you may write to")
	}
	return nil
}

// report prints the checks and says how bad it is.
func (d *doctor) report() error {
	var failed, missing []string
	for _, c := range d.checks {
		if c.Status == checkFail {
			failed = append(failed, c.Name)
			if c.missing {
				missing = append(missing, c.Name)
			}
		}
	}
	if d.app.document() {
		if err := d.app.print(struct {
			OK     bool    `json:"ok"`
			Checks []check `json:"checks"`
		}{len(failed) == 0, d.checks}); err != nil {
			return err
		}
	} else {
		for _, c := range d.checks {
			fmt.Fprintf(d.app.out, "%-4s  %-13s %s\n", c.Status, c.Name, c.Detail)
			if c.Hint != "" && c.Status != checkOK {
				fmt.Fprintf(d.app.out, "      %-13s %s\n", "", c.Hint)
			}
		}
	}
	const what = "each failed check says above what to do"
	switch {
	case len(missing) > 0:
		return hinted{fmt.Errorf("%s: %w", strings.Join(missing, ", "), errUnreachable), what}
	case len(failed) > 0:
		return hinted{fmt.Errorf("failed: %s", strings.Join(failed, ", ")), what}
	}
	return nil
}

// needs are the ways out that the sources of a workspace take.
type needs struct{ tor, i2p, browser bool }

// needsOf reads them from the settings. A workspace without sources needs what a
// crawl of a URL would.
func needsOf(conf *config.Config) (n needs) {
	if len(conf.Sources) == 0 {
		n.tor = !conf.Crawl.Direct
	}
	for _, s := range conf.Sources {
		n.browser = n.browser || s.Render
		for _, address := range append([]string{s.URL}, s.Mirrors...) {
			u, err := url.Parse(address)
			if err != nil {
				continue
			}
			host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
			switch {
			case strings.HasSuffix(host, ".i2p"):
				n.i2p = true
			case strings.HasSuffix(host, ".onion"), s.Route == "tor":
				n.tor = true
			case s.Route == "" && !conf.Crawl.Direct && !localHost(host):
				n.tor = true
			}
		}
	}
	return n
}
