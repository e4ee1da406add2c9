package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tamga"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

// assumption is a claim of the evidence log: somebody answers for following value
// through a mix. When it was made is the log's to say.
type assumption struct {
	Who        string   `json:"who"`
	Why        string   `json:"why"`
	TxID       string   `json:"txid"`
	Kind       string   `json:"kind"`
	Confidence float64  `json:"confidence"`
	Reasons    []string `json:"reasons"` // why it is taken for a mix
	Subject    string   `json:"subject"`
	Direction  string   `json:"direction"`
	Method     string   `json:"method"`
}

// assumptions are those that a trace rests on. It tells of the mixes that the trace
// passed without any.
func (a *app) assumptions(conf *config.Config, tr tamga.Trace, t tracing) (made []assumption) {
	passed := 0
	for _, m := range tr.Mixes {
		switch {
		case m.Assumed:
			made = append(made, assumption{
				operator(conf), t.reason, m.TxID, m.Kind, m.Confidence, m.Reasons, tr.Subject, tr.Direction, tr.Method,
			})
		case !m.Stopped:
			passed++
		}
	}
	if passed > 0 && !a.quiet {
		fmt.Fprintf(a.err, "note: the trace went through %d transactions that several owners seem to have made together; which input paid which output is not known there (--stop-mix ends before them)\n", passed)
	}
	if unused := len(t.assume) - len(made); unused > 0 && !a.quiet {
		fmt.Fprintf(a.err, "note: %d of the transactions under --assume are no mix that this trace meets; nothing is recorded of them\n", unused)
	}
	return made
}

// answerFor records the assumptions that a trace rests on, before it is shown.
func (a *app) answerFor(ctx context.Context, ws *config.Workspace, conf *config.Config, tr tamga.Trace, t tracing) error {
	made := a.assumptions(conf, tr, t)
	if len(made) == 0 {
		return nil
	}
	unlock, err := ws.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	log, err := evidence.Open(ws.Evidence(), evidence.Options{Logger: a.log, Operator: operator(conf)})
	if err != nil {
		return err
	}
	return errors.Join(record(ctx, log, made), log.Close())
}

// record keeps assumptions in the evidence log.
func record(ctx context.Context, log *evidence.Archive, made []assumption) error {
	for _, v := range made {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("record an assumption: %w", err)
		}
		if _, err := log.Claim(ctx, pipeline.ClaimAssumption, data); err != nil {
			return err
		}
	}
	return nil
}
