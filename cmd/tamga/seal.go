package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain/rpc"
	"tamga/evidence"
	"tamga/evidence/ots"
	"tamga/evidence/timestamp"
	"tamga/internal/config"
	"tamga/internal/outbox"
)

// sealed is what a run of seal did.
type sealed struct {
	Head    int64            `json:"head"` // entries of the newest head kept
	Stamped []evidence.Stamp `json:"stamped"`
	Queued  []outbox.Item    `json:"queued"`
}

func newSeal(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "seal",
		Short: "Have others vouch for the time of the evidence",
		Long: `Seal keeps the signed head of the log and asks the time-stamping authorities
(custody.tsa, RFC 3161) and the OpenTimestamps calendars (custody.calendars) of
tamga.toml to vouch for it; a witness (custody.witnesses) comes by itself ("tamga witness"). A server learns 32 bytes of a hash and nothing of what was
captured. What they answer is verified, kept under evidence/log/timestamps and named in
the log; "tamga verify" checks it.

A server that does not answer is asked again by the next run: its questions wait in
outbox/. A crawl may run meanwhile. Exit code 3 means that nobody vouches for the
newest head yet.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			if len(conf.Custody.TSA)+len(conf.Custody.Calendars)+len(conf.Custody.Witnesses) == 0 {
				return hinted{errors.New("nobody is configured to vouch for the evidence"), `set custody.tsa = ["https://…"] or custody.calendars in tamga.toml`}
			}
			s, err := a.sealer(ws, conf)
			if err != nil {
				return err
			}
			defer s.box.Close()
			result, err := s.run(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.printSealed(result); err != nil {
				return err
			}
			return vouched(ws, result)
		},
	}
}

func (a *app) printSealed(r sealed) error {
	if a.document() {
		return a.print(r)
	}
	for _, s := range r.Stamped {
		fmt.Fprintf(a.out, "stamped  %s\n", s.File)
	}
	for _, q := range r.Queued {
		fmt.Fprintf(a.out, "waits    %s for the head of %d entries: %s\n", rpc.Redact(q.URL), q.Head, q.Error)
	}
	_, err := fmt.Fprintf(a.out, "head of %d entries: %d stamps came, %d wait\n", r.Head, len(r.Stamped), len(r.Queued))
	return err
}

// vouched is nil where somebody vouches for the newest head.
func vouched(ws *config.Workspace, r sealed) error {
	stamps, err := evidence.Stamps(ws.Evidence())
	if err != nil {
		return err
	}
	for _, s := range stamps {
		if s.Head == r.Head && s.Kind != evidence.StampRevocation {
			return nil
		}
	}
	return hinted{fmt.Errorf("nobody vouches for the head of %d entries yet: %w", r.Head, errIncomplete), "the questions wait in outbox/; run `tamga seal` again when the servers can be reached"}
}

// sealer asks those who are configured to vouch.
type sealer struct {
	app   *app
	ws    *config.Workspace
	conf  *config.Config
	box   *outbox.Box
	roots *x509.CertPool

	archive *evidence.Archive // open for writing, in a process that has the lock; nil: it is opened

	revoked *timestamp.Revocations // nil: custody.crl is not set
	lists   []byte                 // their file
}

func (a *app) sealer(ws *config.Workspace, conf *config.Config) (*sealer, error) {
	s := &sealer{app: a, ws: ws, conf: conf}
	var err error
	if s.roots, err = custodyRoots(ws, conf); err != nil {
		return nil, err
	}
	if s.roots == nil && len(conf.Custody.TSA) > 0 {
		a.log.Warn("custody.roots is not set: tokens are taken without asking who stands behind the authority")
	}
	if file := conf.Custody.CRL; file != "" {
		if s.revoked, s.lists, err = timestamp.ReadRevocations(inWorkspace(ws, file)); err != nil {
			return nil, hinted{err, "custody.crl names a PEM file, relative to the workspace"}
		}
	}
	if s.box, err = outbox.Open(ws.Outbox()); errors.Is(err, outbox.ErrBusy) {
		return nil, fmt.Errorf("%w: %w", config.ErrLocked, err)
	}
	return s, err
}

// custodyRoots reads custody.roots, relative to the workspace; nil where none are set.
func custodyRoots(ws *config.Workspace, conf *config.Config) (*x509.CertPool, error) {
	if conf.Custody.Roots == "" {
		return nil, nil
	}
	pool, err := timestamp.Roots(inWorkspace(ws, conf.Custody.Roots))
	if err != nil {
		return nil, hinted{err, "custody.roots names a PEM file, relative to the workspace"}
	}
	return pool, nil
}

// inWorkspace is a file that settings name, relative to the workspace.
func inWorkspace(ws *config.Workspace, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(ws.Dir, file)
}

func (s *sealer) run(ctx context.Context) (r sealed, err error) {
	// What an earlier run kept and could not log, because a crawl had the lock.
	if err := s.logStamps(ctx); err != nil {
		return r, err
	}
	if r.Head, err = s.queue(ctx); err != nil {
		return r, err
	}
	r.Stamped, r.Queued = []evidence.Stamp{}, []outbox.Item{}
	items, err := s.box.Items()
	if err != nil {
		return r, err
	}
	// The older head first; behind a failure the rest of that server waits, so that
	// its tokens come in the order of the heads.
	down := map[string]string{}
	for _, i := range items {
		if reason, ok := down[i.URL]; ok {
			i.Error = reason
			r.Queued = append(r.Queued, i)
			continue
		}
		stamp, err := s.ask(ctx, i)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if errors.Is(err, evidence.ErrIntegrity) {
			return r, err
		}
		if err != nil {
			s.app.log.Warn("not stamped", "server", rpc.Redact(i.URL), "head", i.Head, "err", err)
			if err := s.box.Failed(i, time.Now().UTC(), err); err != nil {
				return r, err
			}
			i.Error = err.Error()
			down[i.URL] = i.Error
			r.Queued = append(r.Queued, i)
			continue
		}
		if err := s.box.Done(i); err != nil {
			return r, err
		}
		r.Stamped = append(r.Stamped, stamp)
	}
	upgraded, err := s.upgrade(ctx)
	r.Stamped = append(r.Stamped, upgraded...)
	return r, errors.Join(err, s.logStamps(ctx))
}

// queue keeps the newest head where the log says anything new, and puts a question
// about it to each server into the outbox. It returns the newest kept head.
func (s *sealer) queue(ctx context.Context) (newest int64, err error) {
	archive := s.archive
	if archive != nil {
		err = archive.Sync() // the newest head counts what there is
	} else if archive, err = evidence.OpenReader(s.ws.Evidence()); err == nil {
		defer archive.Close()
	}
	if err != nil {
		return 0, err
	}
	last, fresh, err := archive.Unsealed(ctx)
	if err != nil {
		return 0, err
	}
	// Where nothing is new, the newest kept head still may lack questions: a run was
	// killed between the two, or a server was added to the settings.
	if fresh {
		head, err := evidence.KeepHead(s.ws.Evidence())
		if err != nil {
			return 0, err
		}
		last = head.Size
	}
	now := time.Now().UTC()
	for kind, servers := range map[string][]string{evidence.StampRFC3161: s.conf.Custody.TSA, evidence.StampOTS: s.conf.Custody.Calendars} {
		for _, url := range servers {
			i := outbox.Item{Head: last, Kind: kind, URL: url, Queued: now}
			if _, done, err := evidence.FindStamp(s.ws.Evidence(), last, i.Label(), kind); err != nil {
				return 0, err
			} else if done {
				continue
			}
			if err := s.box.Put(i); err != nil {
				return 0, err
			}
		}
	}
	return last, nil
}

// ask puts one question and keeps the answer.
func (s *sealer) ask(ctx context.Context, i outbox.Item) (evidence.Stamp, error) {
	dir := s.ws.Evidence()
	if have, ok, err := evidence.FindStamp(dir, i.Head, i.Label(), i.Kind); err != nil {
		return have, err
	} else if ok { // kept, and killed before the outbox knew
		return have, s.keepLists(i)
	}
	head, err := evidence.ReadHead(dir, i.Head)
	if err != nil {
		return evidence.Stamp{}, err
	}
	client, err := s.client(i.URL)
	if err != nil {
		return evidence.Stamp{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.conf.Custody.Timeout))
	defer cancel()
	var answer []byte
	switch i.Kind {
	case evidence.StampRFC3161:
		c := timestamp.Client{HTTP: client, Rand: rand.Reader, Roots: s.roots, Revoked: s.revoked}
		answer, _, err = c.Ask(ctx, i.URL, head)
	case evidence.StampOTS:
		c := ots.Client{HTTP: client, Rand: rand.Reader}
		var p *ots.Proof
		if p, err = c.Stamp(ctx, i.URL, sha256.Sum256(head)); err == nil {
			answer = p.Bytes()
		}
	default:
		err = fmt.Errorf("the outbox asks for an unknown kind of stamp, %q", i.Kind)
	}
	if err != nil {
		return evidence.Stamp{}, err
	}
	stamp, err := evidence.SaveStamp(dir, i.Head, i.Label(), i.Kind, answer)
	return stamp, cmp.Or(err, s.keepLists(i))
}

// keepLists keeps the revocation lists with a token: in years nobody else has them.
func (s *sealer) keepLists(i outbox.Item) error {
	if s.lists == nil || i.Kind != evidence.StampRFC3161 {
		return nil
	}
	_, have, err := evidence.FindStamp(s.ws.Evidence(), i.Head, i.Label(), evidence.StampRevocation)
	if err == nil && !have {
		_, err = evidence.SaveStamp(s.ws.Evidence(), i.Head, i.Label(), evidence.StampRevocation, s.lists)
	}
	return err
}

// client reaches one server, and follows it nowhere else.
func (s *sealer) client(url string) (*http.Client, error) {
	t, err := rpc.NewTransport(url, s.conf.Crawl.Proxy, s.conf.Crawl.Direct)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// logStamps names in the log what came. While another program writes, it waits
// for the next run: the stamps are kept.
func (s *sealer) logStamps(ctx context.Context) error {
	if s.archive != nil {
		_, err := s.archive.LogStamps(ctx)
		return err
	}
	unlock, err := s.ws.Lock()
	if errors.Is(err, config.ErrLocked) {
		s.app.log.Info("the workspace is being written to: the next run names the stamps in the log")
		return nil
	} else if err != nil {
		return err
	}
	defer unlock()
	archive, err := evidence.Open(s.ws.Evidence(), evidence.Options{Logger: s.app.log, Operator: operator(s.conf)})
	if err != nil {
		return err
	}
	_, err = archive.LogStamps(ctx)
	return errors.Join(err, archive.Close())
}
