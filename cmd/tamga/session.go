package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tamga/internal/session"
)

func newSession(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "session",
		Short: "Keep the logins that sources are read with",
		Long: `A session is what an analyst is logged in with at one host: cookies, the user agent
of the browser and its local storage. It is imported from a browser, kept encrypted
in the workspace (keys/sessions), bound to its host and to the operator, and sent to
that host only. A source names it: session = "NAME" (docs/sources.md).

It is encrypted with the workspace's key (keys/session.key) or, where
TAMGA_SESSION_PASSPHRASE is set, with that passphrase, which is then needed whenever
the session is used.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSessionImport(a), newHandOver(a), newSessionList(a), newSessionDelete(a))
	return cmd
}

func newSessionImport(a *app) *cobra.Command {
	var host, agent, canary string
	var replace bool
	cmd := &cobra.Command{
		Use:   "import NAME FILE",
		Short: "Import the cookies of a login",
		Long: `Import reads what a browser exported: cookies.txt in Netscape's form, or JSON as
browser extensions and Playwright's storageState print it, with local storage. FILE -
is standard input. Only what belongs to --host is taken. The file itself is left as it
is: delete it.

The canary is what a page shows to someone who is logged in and to nobody else: a CSS
selector (css:#me, a.logout) or a text (text:Signed in as). Where a page of the host
lacks it, the session has expired: the page has the outcome login. A user agent should
be that of the browser: many sites end a session that changes it.`,
		Example: `  tamga session import bazaar cookies.txt --host exampleonion.onion --canary 'css:a[href="/logout"]'`,
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			s, err := newLogin(argv[0], host, agent, canary)
			if err != nil {
				return usageError{err}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			in := io.Reader(os.Stdin)
			if argv[1] != "-" {
				f, err := os.Open(argv[1])
				if err != nil {
					return fmt.Errorf("session %s: %w", s.Name, err)
				}
				defer f.Close()
				in = f
			}
			found, err := session.Read(in, s.Host)
			if err != nil {
				return hinted{fmt.Errorf("session %s: %w", s.Name, err), "export the cookies of that host as cookies.txt or JSON, while logged in"}
			}
			s.Operator, s.Cookies, s.Storage = operator(conf), found.Cookies, found.Storage
			if err := vault(ws).Put(s, replace); err != nil {
				return sessionHint(err)
			}
			return a.printImported(s, found)
		},
	}
	f := cmd.Flags()
	f.StringVar(&host, "host", "", "the `HOST` that it is a login at, with :PORT to bind it to one (required)")
	f.StringVar(&agent, "user-agent", "", "user agent of the browser that logged in")
	f.StringVar(&canary, "canary", "", "CSS `SELECTOR|TEXT` that only a logged-in page shows")
	f.BoolVar(&replace, "replace", false, "in place of the session of that name")
	return cmd
}

// printImported tells of a session that was kept, and what was not taken into it.
func (a *app) printImported(s *session.Session, found session.Found) error {
	info := s.Info(time.Now())
	if info.State == session.Expired {
		a.log.Warn("session expired", "session", s.Name, "host", s.Host, "reason", "every cookie of the file has expired")
	}
	if a.document() {
		return a.print(struct {
			session.Info
			Others   int `json:"others"`
			Unusable int `json:"unusable"`
		}{info, found.Others, found.Unusable})
	}
	_, err := fmt.Fprintf(a.out, "session %s for %s: %d cookies, %d items of local storage; left out: %d of other hosts, %d unusable\n",
		s.Name, s.Host, len(s.Cookies), len(s.Storage), found.Others, found.Unusable)
	return err
}

// newLogin is a session without its secrets.
func newLogin(name, host, agent, canary string) (*session.Session, error) {
	if err := session.CheckName(name); err != nil {
		return nil, err
	}
	if host == "" {
		return nil, errors.New("--host says which host the session is for")
	}
	bound, err := session.ParseHost(host)
	if err != nil {
		return nil, fmt.Errorf("--host: %w", err)
	}
	if err := errors.Join(session.CheckText("--user-agent", agent), session.CheckText("--canary", canary)); err != nil {
		return nil, err
	}
	if _, err := session.ParseCanary(canary); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	return &session.Session{Name: name, Host: bound, UserAgent: agent, Canary: canary, Imported: now, Updated: now}, nil
}

func newSessionList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List sessions, and when they expire; never what is in them",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ws, _, err := a.open()
			if err != nil {
				return err
			}
			list, err := vault(ws).List(time.Now())
			if err != nil {
				return err
			}
			if a.document() {
				return a.print(struct {
					Sessions []session.Info `json:"sessions"`
				}{list})
			}
			w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SESSION\tHOST\tOPERATOR\tCOOKIES\tSTORAGE\tSTATE\tEXPIRES\tUPDATED")
			for _, s := range list {
				state := string(s.State)
				switch {
				case s.Locked:
					state = "locked"
				case s.Problem != "":
					state = s.Problem
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.Name, dash(s.Host), dash(s.Operator), s.Cookies, s.Storage, state, clock(s.Expires), clock(s.Updated))
			}
			return w.Flush()
		},
	}
}

func newSessionDelete(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a session",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, _, err := a.open()
			if err != nil {
				return err
			}
			if err := vault(ws).Delete(argv[0]); err != nil {
				return sessionHint(err)
			}
			if a.document() {
				return a.print(map[string]string{"deleted": argv[0]})
			}
			_, err = fmt.Fprintf(a.out, "session %s is deleted\n", argv[0])
			return err
		},
	}
}
