package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tamga/internal/handover"
	"tamga/internal/session"
)

func newHandOver(a *app) *cobra.Command {
	var o handover.Options
	var canary string
	var local bool
	cmd := &cobra.Command{
		Use:   "hand-over NAME URL",
		Short: "Open a page for the analyst and take the login back",
		Long: `Hand-over opens the page in a Chromium with a fresh profile, for a person who logs
in, solves the captcha or waits in the queue. When the person closes the window, or
presses Enter here, the cookies and the local storage of the page's host become the
session NAME, in place of the one that was there. Tamga itself does nothing on the page.

The browser goes through the SOCKS proxy of the crawl and nowhere else: names are
resolved there, WebRTC and this machine's own services are shut out. Without a proxy
that answers it is refused. --local is for a page on this machine, and reaches no other
host. What the person does in the browser is not sealed.

With --headless there is no window: look on with another browser at the DevTools port
(--debug-port), which listens on loopback only. While it is open, every account of
this machine can reach it; without it, nobody can.`,
		Example: `  tamga session hand-over bazaar http://exampleonion.onion/login --canary 'css:a[href="/logout"]'`,
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			u, err := url.Parse(argv[1])
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
				return usageError{errors.New("hand over an http or https address")}
			}
			s, err := newLogin(argv[0], u.Host, "", canary)
			if err != nil {
				return usageError{err}
			}
			if o.Headless && o.Port == 0 {
				return usageError{errors.New("--headless needs a --debug-port: there is no window")}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			s.Operator = operator(conf)
			if old, err := vault(ws).Get(s.Name); err == nil {
				if old.Operator != s.Operator {
					return hinted{fmt.Errorf("session %s is that of %s, and the operator is %s", s.Name, old.Operator, s.Operator), "hand over under another name"}
				}
				if canary == "" && old.Host == s.Host {
					s.Canary = old.Canary
				}
			} else if !errors.Is(err, session.ErrNone) {
				return sessionHint(err)
			}
			if !cmd.Flags().Changed("proxy") {
				o.Proxy = conf.Crawl.Proxy
			}
			if err := wayOut(&o, u.Hostname(), local); err != nil {
				return err
			}
			o.URL, o.Host = u.String(), s.Host
			if os.Geteuid() == 0 && !o.NoSandbox {
				return hinted{errors.New("a browser of the superuser has no sandbox"), "run it under another account, or say --no-sandbox where that is acceptable, as in a container of its own"}
			}
			done := make(chan struct{})
			go func() {
				if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err == nil {
					close(done)
				}
			}()
			fmt.Fprintf(a.err, "%s is open; log in, then close the window or press Enter here\n", o.URL)
			got, err := handover.Open(cmd.Context(), o, done)
			if err != nil {
				return handOverHint(fmt.Errorf("session %s: %w", s.Name, err))
			}
			s.UserAgent, s.Cookies, s.Storage = got.UserAgent, got.Cookies, got.Storage
			if err := vault(ws).Put(s, true); err != nil {
				return sessionHint(err)
			}
			return a.printImported(s, got.Found)
		},
	}
	f := cmd.Flags()
	f.StringVar(&canary, "canary", "", "CSS `SELECTOR|TEXT` that only a logged-in page shows (default: that of the session)")
	f.StringVar(&o.Proxy, "proxy", "", "SOCKS5 proxy of Tor, host:port (default: crawl.proxy)")
	f.BoolVar(&local, "local", false, "a page on this machine, without a proxy; no other host is reached")
	f.StringVar(&o.Exec, "browser", "", "Chromium to run (default: looked for)")
	f.BoolVar(&o.Headless, "headless", false, "no window; look on at --debug-port")
	f.IntVar(&o.Port, "debug-port", 0, "`PORT` of the DevTools protocol, on loopback")
	f.BoolVar(&o.NoSandbox, "no-sandbox", false, "run the browser without its sandbox")
	return cmd
}

// wayOut refuses a hand-over that would not be by the proxy alone.
func wayOut(o *handover.Options, host string, local bool) error {
	ip, err := netip.ParseAddr(host)
	here := err == nil && ip.IsLoopback() || host == "localhost"
	switch {
	case local && here:
		o.Proxy = ""
	case local:
		return usageError{fmt.Errorf("%s is not on this machine, as --local says", host)}
	case here || err == nil && !ip.IsGlobalUnicast() || err == nil && ip.IsPrivate():
		return hinted{fmt.Errorf("%s is a loopback or private address", host), "--local opens a page of this machine"}
	case strings.HasSuffix(host, ".i2p"):
		return hinted{errors.New("a name of I2P is not handed over"), "log in with a browser of your own and import its cookies"}
	case o.Proxy == "":
		return hinted{errors.New("there is no proxy"), "set crawl.proxy or --proxy: a hand-over never goes directly"}
	}
	return nil
}

func handOverHint(err error) error {
	switch {
	case errors.Is(err, handover.ErrBrowser):
		return hinted{err, "install Chromium, or name it with --browser; or log in elsewhere and `tamga session import`"}
	case errors.Is(err, handover.ErrProxy):
		return hinted{err, "start Tor, or name its SOCKS port with --proxy or crawl.proxy; nothing was opened past it"}
	case errors.Is(err, handover.ErrNothing):
		return hinted{err, "log in before you close the window; the session is as it was"}
	}
	return err
}
