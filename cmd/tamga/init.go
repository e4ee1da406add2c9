package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tamga/evidence"
	"tamga/internal/config"
)

func newInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Make a new workspace",
		Long: `Init makes a folder for one investigation: tamga.toml, an empty evidence archive
and the Ed25519 key that signs its log. Keep a copy of the verifier key outside
of the workspace: with it anyone can check that the log is the one you signed.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, err := config.Create(argv[0])
			if err != nil {
				return err
			}
			verifier, err := createEvidence(ws)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(map[string]string{"workspace": ws.Dir, "verifier": verifier})
			}
			fmt.Fprintf(a.out, "workspace %s\nverifier  %s\n", ws.Dir, verifier)
			return nil
		},
	}
}

// createEvidence makes the archive and the key of a workspace; the origin of its
// log is the name of the folder.
func createEvidence(ws *config.Workspace) (verifier string, err error) {
	abs, err := filepath.Abs(ws.Dir)
	if err != nil {
		return "", fmt.Errorf("create workspace: %w", err)
	}
	if err := evidence.Init(ws.Evidence(), "tamga/"+filepath.Base(abs)); err != nil {
		return "", err
	}
	return evidence.Verifier(ws.Evidence())
}
