package main

import (
	"github.com/spf13/cobra"

	"tamga/extract"
)

func newSales(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "sales",
		Short: "The least that each offer sold, from its feedback",
		Long: `Sales counts the ratings that the captures of the workspace show of each offer, each
once however often it was captured, at the price of its day, and writes a JSON object a
line. Buyers need not rate: what was sold is at least that.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.enter(false)
			if err != nil {
				return err
			}
			defer h.Close()
			seen, err := h.pipe.Seen(cmd.Context())
			if err != nil {
				return err
			}
			for _, s := range extract.CountSales(seen) {
				if err := a.print(s); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
