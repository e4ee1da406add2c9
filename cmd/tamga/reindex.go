package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tamga/internal/pipeline"
)

func newReindex(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "reindex",
		Short: "Build the index anew from the evidence",
		Long: `Reindex reads every capture again and builds a new index beside the old one, then
swaps them. The index holds nothing that is not in the evidence: it may be deleted
at any time. Run it after a change of [index] in tamga.toml.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			progress := a.progress()
			bar := progress.Bar("read", "captures", h.archive.Len())
			stats, err := h.pipe.Reindex(cmd.Context(), bar.Set)
			bar.Done()
			progress.Wait()
			if err != nil {
				return err
			}
			return a.printStats(stats)
		},
	}
}

func (a *app) printStats(s pipeline.Stats) error {
	if a.json {
		return a.print(s)
	}
	fmt.Fprintf(a.out, "read %d captures into %d documents\n", s.Captures, s.Documents)
	if s.Problems > 0 {
		return fmt.Errorf("%d captures could not be read (see the log above): %w", s.Problems, errIncomplete)
	}
	return nil
}
