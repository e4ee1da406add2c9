package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newConfig(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show the settings and where each comes from"}
	cmd.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Print every setting, its value and its origin",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, conf, err := a.open()
			if err != nil {
				return err
			}
			if a.json {
				return a.print(conf.Settings())
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			for _, s := range conf.Settings() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", s.Key, s.Value, s.Origin)
			}
			return w.Flush()
		},
	})
	return cmd
}
