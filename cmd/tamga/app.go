package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/evidence"
	"tamga/extract"
	"tamga/index"
	"tamga/index/bleve"
	"tamga/index/elastic"
	"tamga/internal/config"
	"tamga/internal/database"
	"tamga/internal/pipeline"
	"tamga/internal/term"
)

// app holds the global flags and opens the parts of a workspace.
type app struct {
	workspace string
	network   string
	json      bool
	quiet     bool
	noColor   bool

	out, err io.Writer
	log      *slog.Logger

	memory int64 // of the collector, in bytes; 0: garbageTarget
}

func newRoot() *cobra.Command {
	a := &app{out: os.Stdout, err: os.Stderr}
	root := &cobra.Command{
		Use:   "tamga",
		Short: "Watch drug markets, seal what you see, follow the money, show why",
		Long: `Tamga watches darknet markets, forums and social media for drug trafficking,
turns listings into vendors, substances and wallets, follows the money on public
ledgers and ties every statement to sealed evidence.

It reads. It never buys, posts, registers, solves a captcha or breaks in.`,
		Version: tamga.Version,
		Args:    cobra.ArbitraryArgs, // RunE tells an unknown verb from none
		RunE: func(cmd *cobra.Command, argv []string) error {
			if len(argv) > 0 {
				return usageError{fmt.Errorf("unknown verb %q", argv[0])}
			}
			return cmd.Help()
		},
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if a.quiet {
				level = slog.LevelError
			}
			a.log = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
			return nil
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true // `tamga generate` writes completions
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.StringVarP(&a.workspace, "workspace", "w", os.Getenv("TAMGA_WORKSPACE"), "workspace `DIR`; default: the nearest folder upwards that holds tamga.toml")
	f.StringVar(&a.network, "network", "", "ledger network: mainnet, testnet, signet or regtest of Bitcoin; ethereum, sepolia, ethereum-dev, tron, tron-nile")
	f.BoolVar(&a.json, "json", false, "print the result as JSON (docs/json.md)")
	f.BoolVar(&a.quiet, "quiet", false, "no progress and no logs but errors")
	f.BoolVar(&a.noColor, "no-color", os.Getenv("NO_COLOR") != "", "no colour")

	groups := []*cobra.Group{
		{ID: "collect", Title: "Collect and read:"},
		{ID: "ask", Title: "Search and follow:"},
		{ID: "keep", Title: "Upkeep:"},
	}
	root.AddGroup(groups...)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("collect", newDemo(a), newInit(a), newCrawl(a), newWatch(a), newSources(a), newSession(a), newImport(a), newExtract(a), newProfile(a))
	add("ask",
		newSearch(a), newChanges(a), newAlerts(a), newSubstances(a), newLink(a), newMirrors(a), newSales(a),
		newPeel(a), newChange(a), newPath(a), newExposure(a),
		newTrace(a), newCluster(a), newWhy(a), newExport(a), newChain(a),
		newTags(a), newVASP(a), newRisk(a), newRates(a),
		newServe(a))
	add("keep", newVerify(a), newSeal(a), newWitness(a), newRetention(a), newReindex(a), newDoctor(a), newConfig(a), newGenerate(a), newVersion(a))
	return root
}

// args turns cobra's complaint about arguments into a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, a []string) error {
		if err := check(cmd, a); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// print writes v as one JSON document on one line.
func (a *app) print(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// document tells whether the result is to be a JSON document: asked for, or read
// by a program. Only verbs whose contract is a summary document ask.
func (a *app) document() bool { return a.json || !term.IsTerminal(a.out) }

func (a *app) progress() *term.Progress {
	if a.quiet {
		return &term.Progress{}
	}
	return term.NewProgress(a.err, a.log)
}

// open finds the workspace and its settings.
func (a *app) open() (*config.Workspace, *config.Config, error) {
	ws, err := config.Find(a.workspace)
	if err != nil {
		return nil, nil, err
	}
	conf, err := config.Load(ws.File(), os.LookupEnv)
	if err != nil {
		return nil, nil, hinted{err, "`tamga config show` lists every key"}
	}
	if a.network != "" {
		if err := conf.Set("network", a.network, "flag"); err != nil {
			return nil, nil, usageError{err}
		}
	}
	checkSources(ws, conf)
	return ws, conf, nil
}

func (a *app) store(ws *config.Workspace, conf *config.Config) (index.Rebuilder, error) {
	if conf.Index.Engine == "elastic" {
		return elastic.Open(elastic.Options{
			URL: conf.Index.URL, Prefix: conf.Index.Prefix,
			Username: conf.Index.Username, Password: string(conf.Index.Password),
			APIKey: string(conf.Index.APIKey), CAFile: conf.Index.CA,
		})
	}
	return bleve.Open(ws.Index())
}

// reader reads with the key of the workspace and its profiles beside the bundled
// ones; ws may be nil.
func (a *app) reader(ws *config.Workspace) (*extract.Reader, error) {
	opt := extract.Options{Log: a.log}
	if ws != nil {
		key, err := ws.SecretKey()
		if err != nil {
			return nil, err
		}
		opt.SecretKey = key
		if _, err := os.Stat(ws.Profiles()); err == nil {
			opt.ProfileDirs = []string{ws.Profiles()}
		}
	}
	return extract.New(opt)
}

// database opens tamga.db for a verb that has no house; a house has its own.
func (a *app) database(ws *config.Workspace) (*database.DB, error) {
	return database.Open(ws.Database())
}

// house is an open workspace: the parts that most verbs need together.
type house struct {
	ws      *config.Workspace
	conf    *config.Config
	archive *evidence.Archive
	db      *database.DB // of a house for writing: all that write in this process do it here
	store   index.Rebuilder
	pipe    *pipeline.Pipeline
	close   []func()

	deliveries *pipeline.Deliveries // of alerts; nil where it is open for reading
}

// enter opens the workspace, for writing under its lock or for reading.
func (a *app) enter(write bool) (*house, error) {
	ws, conf, err := a.open()
	if err != nil {
		return nil, err
	}
	if !write {
		if err := a.settle(ws); err != nil {
			return nil, err
		}
	}
	h := &house{ws: ws, conf: conf}
	if write {
		unlock, err := ws.Lock()
		if err != nil {
			return nil, err
		}
		h.close = append(h.close, unlock)
		if h.db, err = a.database(ws); err != nil {
			h.Close()
			return nil, err
		}
		h.close = append(h.close, func() { h.db.Close() })
		h.archive, err = evidence.Open(ws.Evidence(), evidence.Options{Logger: a.log, Operator: operator(conf)})
		if err != nil {
			h.Close()
			return nil, err
		}
	} else if h.archive, err = evidence.OpenReader(ws.Evidence()); err != nil {
		return nil, err
	}
	h.close = append(h.close, func() { h.archive.Close() })
	if h.store, err = a.store(ws, conf); err != nil {
		h.Close()
		return nil, err
	}
	h.close = append(h.close, func() { h.store.Close() })
	reader, err := a.reader(ws)
	if err != nil {
		h.Close()
		return nil, err
	}
	h.pipe = &pipeline.Pipeline{Archive: h.archive, Reader: reader, Store: h.store, Log: a.log, Profile: profiles(conf)}
	if write {
		if err := a.compareCaptures(context.Background(), h); err != nil {
			h.Close()
			return nil, err
		}
		if h.pipe.Mirrors, err = mirrorKeys(ws, conf); err != nil {
			h.Close()
			return nil, err
		}
	}
	if write { // a retention run may have been killed before the index forgot
		a.boundMemory()
		if _, _, err := a.forget(context.Background(), h); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// Close closes what enter opened, last first.
func (h *house) Close() {
	for i := len(h.close) - 1; i >= 0; i-- {
		h.close[i]()
	}
	h.close = nil
}

// profiles are the page profiles that the configured sources name, by host.
func profiles(conf *config.Config) func(tamga.Capture) string {
	byHost := map[string]string{}
	for _, s := range conf.Sources {
		for _, address := range append([]string{s.URL}, s.Mirrors...) {
			if u, err := url.Parse(address); err == nil {
				byHost[u.Host] = s.Profile
			}
		}
	}
	return func(c tamga.Capture) string {
		u, err := url.Parse(c.URL)
		if err != nil {
			return ""
		}
		return byHost[u.Host]
	}
}

// operator is who answers for the captures.
func operator(conf *config.Config) string {
	if conf.Operator != "" {
		return conf.Operator
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
