package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tamga/extract"
)

func newSubstances(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "substances [ID|NAME…]",
		Short: "Show what the table says of a substance: control, CAS number, names",
		Long: `Substances prints the rows of the substance table (docs/substances.md): class, CAS
registry number, control under the conventions of the United Nations, and names by
language. A substance is named by its id, by any of its names or as the schedules
call it. Without arguments it lists the whole table, a line a substance.`,
		Example: `  tamga substances mephedrone
  tamga substances мефедрон --json`,
		RunE: func(_ *cobra.Command, names []string) error {
			r, err := extract.New(extract.Options{})
			if err != nil {
				return err
			}
			rows := []extract.Substance{}
			for _, n := range names {
				s, ok := r.Substance(n)
				if !ok {
					return fmt.Errorf("no substance is called %q", n)
				}
				rows = append(rows, s)
			}
			if len(names) == 0 {
				rows = r.Substances()
			}
			if a.json {
				return a.print(rows)
			}
			for _, s := range rows {
				if len(names) == 0 {
					fmt.Fprintf(a.out, "%s\t%s\t%s\t%s\n", s.ID, s.Class, s.CAS, strings.Join(controls(s), "; "))
				} else {
					describe(a.out, s)
				}
			}
			return nil
		},
	}
}

// controls are the schedules of a substance, a phrase each.
func controls(s extract.Substance) (out []string) {
	for _, c := range s.Schedules {
		place := c.Schedule
		if c.Convention != "1988" {
			place = "schedule " + strings.ReplaceAll(place, "+", " and ")
		}
		text := c.Convention + " convention, " + place
		if c.Year != "" {
			text += ", since " + c.Year
		}
		out = append(out, text)
	}
	return out
}

func describe(w io.Writer, s extract.Substance) {
	fmt.Fprintf(w, "%s (%s)\n", s.ID, s.Class)
	if s.CAS != "" {
		fmt.Fprintf(w, "  CAS       %s\n", s.CAS)
	}
	for i, text := range controls(s) {
		fmt.Fprintf(w, "  control   %s, as %s; stated by %s\n", text, s.Schedules[i].Name, strings.Join(s.Schedules[i].Sources, ", "))
	}
	type group struct{ language, strength, state string }
	var order []group
	by := map[group][]string{}
	for _, n := range s.Names {
		g := group{n.Language, n.Strength, ""}
		if n.Draft {
			g.state = ", draft"
		}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], n.Name)
	}
	for _, g := range order {
		fmt.Fprintf(w, "  %-9s %s (%s%s)\n", g.language, strings.Join(by[g], ", "), g.strength, g.state)
	}
}
