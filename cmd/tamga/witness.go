package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"tamga/evidence"
	"tamga/internal/config"
)

func newWitness(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "witness [DIR]",
		Short: "Cosign the log of another workspace",
		Long: `Witness looks at the newest signed head of the log in DIR, a workspace or evidence
folder of others, checks that it continues the head that it saw there before, and puts
its own signature beside it. Who rewrites or cuts a log cannot get it cosigned again:
exit code 12. Without DIR it prints the public key of this workspace as a witness, for
custody.witnesses of those who verify. The key is made the first time
(keys/witness.key).`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, err := config.Find(a.workspace)
			if err != nil {
				return err
			}
			w, err := witness(ws)
			if err != nil {
				return err
			}
			if len(argv) == 0 {
				if a.json {
					return a.print(map[string]string{"key": w.Verifier()})
				}
				_, err := fmt.Fprintln(a.out, w.Verifier())
				return err
			}
			dir, err := a.evidenceDir(argv)
			if err != nil {
				return err
			}
			key, err := evidence.Verifier(dir)
			if err != nil {
				return err
			}
			unlock, err := ws.Lock()
			if err != nil {
				return err
			}
			defer unlock()
			sum := sha256.Sum256([]byte(key))
			seen := filepath.Join(ws.Dir, "witness", hex.EncodeToString(sum[:16])+".head")
			c, err := w.Cosign(dir, seen, time.Now())
			if err != nil {
				return err
			}
			if a.document() {
				return a.print(c)
			}
			_, err = fmt.Fprintf(a.out, "cosigned the head of %d entries, which continues that of %d\n", c.Head, c.Since)
			return err
		},
	}
	return cmd
}

// witness reads the key of this workspace as a witness, and makes it once.
func witness(ws *config.Workspace) (*evidence.Witness, error) {
	file := filepath.Join(ws.Dir, "keys", "witness.key")
	b, err := os.ReadFile(file)
	if err == nil {
		w, err := evidence.ReadWitness(string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return w, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	name := strings.Map(func(r rune) rune {
		if r == '+' || unicode.IsSpace(r) || unicode.IsControl(r) {
			return '-' // they have a meaning in signed notes
		}
		return r
	}, filepath.Base(absolute(ws.Dir)))
	w, err := evidence.NewWitness("witness/"+name, rand.Reader)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(w.Secret() + "\n")
	return w, errors.Join(err, f.Sync(), f.Close())
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}
