package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tamga/chain/rpc"
	"tamga/evidence"
	"tamga/evidence/ots"
)

// upgradedLabel ends the label of a proof that a block was found for.
const upgradedLabel = ".block"

// upgrade asks the configured calendars whether the blocks are there that they
// promised. A proof with its block is kept beside the promise.
func (s *sealer) upgrade(ctx context.Context) ([]evidence.Stamp, error) {
	dir := s.ws.Evidence()
	stamps, err := evidence.Stamps(dir)
	if err != nil {
		return nil, err
	}
	var out []evidence.Stamp
	down := map[string]bool{}
	for _, st := range stamps {
		label := st.Label()
		if st.Kind != evidence.StampOTS || strings.HasSuffix(label, upgradedLabel) {
			continue
		}
		if _, ok, err := evidence.FindStamp(dir, st.Head, label+upgradedLabel, st.Kind); err != nil || ok {
			if err != nil {
				return out, err
			}
			continue
		}
		b, err := evidence.ReadStamp(dir, st)
		if err != nil {
			return out, err
		}
		p, err := ots.Parse(b)
		if err != nil {
			s.app.log.Warn("a proof is damaged", "file", st.File, "err", err)
			continue
		}
		if pending(p, down) {
			continue
		}
		came, err := s.upgradeOne(ctx, p)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil && !errors.Is(err, ots.ErrPending) {
			s.app.log.Warn("no block yet", "file", st.File, "err", err)
			for _, a := range p.Attestations() {
				down[a.URI] = a.Pending()
			}
		}
		if !came {
			continue
		}
		kept, err := evidence.SaveStamp(dir, st.Head, label+upgradedLabel, st.Kind, p.Bytes())
		if err != nil {
			return out, err
		}
		out = append(out, kept)
	}
	return out, nil
}

// pending tells whether all who promised a block did not answer in this run.
func pending(p *ots.Proof, down map[string]bool) bool {
	return !slices.ContainsFunc(p.Attestations(), func(a ots.Attestation) bool { return a.Pending() && !down[a.URI] })
}

// upgradeOne asks those calendars only that the settings name: a proof may name
// any server.
func (s *sealer) upgradeOne(ctx context.Context, p *ots.Proof) (bool, error) {
	same := func(uri string) bool {
		return slices.ContainsFunc(s.conf.Custody.Calendars, func(c string) bool {
			return strings.TrimSuffix(c, "/") == strings.TrimSuffix(uri, "/")
		})
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.conf.Custody.Timeout))
	defer cancel()
	for _, a := range p.Attestations() {
		if !a.Pending() || !same(a.URI) {
			continue
		}
		client, err := s.client(a.URI)
		if err != nil {
			return false, err
		}
		c := ots.Client{HTTP: client}
		if came, err := c.Upgrade(ctx, p, func(uri string) bool { return uri == a.URI }); came || err != nil {
			return came, err
		}
	}
	for _, a := range p.Attestations() {
		if a.Pending() && !same(a.URI) {
			return false, fmt.Errorf("the calendar %s made the promise, and custody.calendars does not name it", rpc.Redact(a.URI))
		}
	}
	return false, nil
}
