package main

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain"
)

// tracing is the flags that say how to trace.
type tracing struct {
	forward, backward bool
	hops              int
	method            string
	least             string
	fanout            int
	since, until      string
	stopMix           bool
	assume            []string
	reason            string
}

func (t *tracing) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.method, "method", "fifo", "fifo, haircut or poison")
	t.limits(cmd, 0)
}

// limits are the flags of what follows value by more than one method.
func (t *tracing) limits(cmd *cobra.Command, hops int) {
	f := cmd.Flags()
	f.BoolVar(&t.forward, "forward", false, "where it went (the default)")
	f.BoolVar(&t.backward, "backward", false, "where it came from")
	f.IntVar(&t.hops, "hops", hops, "stop after so many transactions; 0 is no limit")
	f.StringVar(&t.least, "min-value", "0", "stop where fewer `UNITS` (satoshi, wei) of the subject are left (fifo); 0 is no limit")
	f.StringVar(&t.since, "since", "", "stop at transactions before a `DATE` (UTC; 2006-01-02 or RFC 3339)")
	f.StringVar(&t.until, "until", "", "stop at transactions after a `DATE`; a day is meant with its end")
	f.IntVar(&t.fanout, "fanout", 0, "stop at transactions with more outputs than this; 0 is no limit")
	f.BoolVar(&t.stopMix, "stop-mix", false, "stop at transactions that several owners seem to have made together")
	f.StringArrayVar(&t.assume, "assume", nil, "go on through this mix (`TXID`) all the same; needs --stop-mix and --reason")
	f.StringVar(&t.reason, "reason", "", "why, for the evidence log")
}

func (t *tracing) options() (opt chain.Options, err error) {
	least, whole := new(big.Int).SetString(t.least, 10)
	switch {
	case !whole:
		return opt, usageError{fmt.Errorf("--min-value %q: want a whole number of base units", t.least)}
	case t.forward && t.backward:
		return opt, usageError{errors.New("--forward and --backward exclude each other")}
	case len(t.assume) > 0 && !t.stopMix:
		return opt, usageError{errors.New("--assume lets a trace pass what --stop-mix stops at: say --stop-mix")}
	case len(t.assume) > 0 && t.reason == "":
		return opt, usageError{errors.New("an assumption needs its --reason")}
	case t.hops < 0 || t.fanout < 0 || least.Sign() < 0:
		return opt, usageError{errors.New("a limit is 0 (none) or more")}
	}
	opt = chain.Options{
		Direction: chain.Forward, Method: t.method,
		Hops: t.hops, MinValue: math.MaxInt64, Fanout: t.fanout, StopMix: t.stopMix, Assume: t.assume,
	}
	if least.IsInt64() { // more is more than any ledger of outputs has
		opt.MinValue = least.Int64()
	}
	for i, id := range opt.Assume {
		opt.Assume[i] = strings.ToLower(id)
	}
	if t.backward {
		opt.Direction = chain.Backward
	}
	if opt.Since, err = moment(t.since, 0); err != nil {
		return opt, usageError{fmt.Errorf("--since: %w", err)}
	}
	if opt.Until, err = moment(t.until, 24*time.Hour-1); err != nil {
		return opt, usageError{fmt.Errorf("--until: %w", err)}
	}
	return opt, nil
}

// moment reads a time, or a day and what to add to its beginning; "" is none.
func moment(s string, add time.Duration) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Add(add), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither 2006-01-02 nor RFC 3339", s)
	}
	return t.UTC(), nil
}
