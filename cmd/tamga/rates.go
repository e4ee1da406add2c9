package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/rates"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/database"
	"tamga/internal/pipeline"
)

func newRates(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rates",
		Short: "Daily rates of assets in currencies, from tables with a source",
	}
	cmd.AddCommand(newRatesImport(a), newRatesList(a))
	return cmd
}

// rates opens the rates of a workspace and brings them up to the evidence log;
// the caller closes db.
func (a *app) rates(ctx context.Context, ws *config.Workspace, archive *evidence.Archive) (s *rates.Store, db *database.DB, err error) {
	if archive == nil {
		if archive, err = evidence.OpenReader(ws.Evidence()); err != nil {
			return nil, nil, err
		}
		defer archive.Close()
	}
	if db, err = a.database(ws); err != nil {
		return nil, nil, err
	}
	if s, err = rates.Open(ctx, db.Writer()); err == nil {
		err = pipeline.FillRates(ctx, archive, s)
	}
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return s, db, nil
}

func newRatesImport(a *app) *cobra.Command {
	var c rates.Columns
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Take in a table of daily rates",
		Long: `Import takes in a table with the columns date (YYYY-MM-DD), asset, currency, rate and
source. Where it lacks asset, currency or source, their flags say it for all rows;
--column names the column of the rate. A wrong row refuses the table. A day without a
rate has no value: neither a weekend or another gap in the table, nor what lies before
its first day or after its last, is filled from a day beside it.`,
		Example: `  tamga rates import rates.csv
  tamga rates import daily.csv --asset BTC --currency USD --column 'price(USD)' --source https://rates.example/btc`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			data, err := os.ReadFile(files[0])
			if err != nil {
				return err
			}
			all, err := rates.ReadCSV(bytes.NewReader(data), c)
			if err != nil {
				return fmt.Errorf("%s: %w", files[0], err)
			}
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			for part := range slices.Chunk(all, rates.BatchSize) {
				b, err := json.Marshal(rates.Batch{File: filepath.Base(files[0]), Digest: string(tamga.DigestOf(data)), Rates: part})
				if err != nil {
					return err
				}
				if _, err := h.archive.Claim(cmd.Context(), rates.Claim, b); err != nil {
					return err
				}
			}
			if a.document() {
				return a.print(struct {
					Rates int `json:"rates"`
				}{len(all)})
			}
			fmt.Fprintf(a.out, "%d rates\n", len(all))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Asset, "asset", "", "asset of all rows")
	f.StringVar(&c.Currency, "currency", "", "currency of all rows, ISO 4217")
	f.StringVar(&c.Source, "source", "", "source of all rows")
	f.StringVar(&c.Rate, "column", "", "`NAME` of the column of the rate")
	return cmd
}

func newRatesList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Tell which rates there are",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ws, _, err := a.open()
			if err != nil {
				return err
			}
			s, db, err := a.rates(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer db.Close()
			all, err := s.Ranges(cmd.Context())
			if err != nil {
				return err
			}
			if a.json {
				return a.print(all)
			}
			for _, r := range all {
				fmt.Fprintf(a.out, "%s in %s  %s to %s, %d days  %s\n", r.Asset, r.Currency, r.From, r.To, r.Days, r.Source)
			}
			return nil
		},
	}
}

// value adds to the hops of a trace what they were worth on their day.
func (a *app) value(ctx context.Context, ws *config.Workspace, tr *tamga.Trace, currency string) error {
	s, db, err := a.rates(ctx, ws, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return pipeline.Values(tr, strings.ToUpper(currency), func(asset, currency string, at time.Time) (rates.Rate, bool, error) {
		return s.On(ctx, asset, currency, at)
	})
}
