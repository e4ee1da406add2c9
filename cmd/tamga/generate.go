package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newGenerate(a *app) *cobra.Command {
	var man, markdown, bash, zsh, fish string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write manual pages and shell completions",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if man == "" && markdown == "" && bash == "" && zsh == "" && fish == "" {
				return usageError{errors.New("nothing to write: name --man DIR or a completion file")}
			}
			if man != "" {
				if err := os.MkdirAll(man, 0o755); err != nil {
					return fmt.Errorf("write manual: %w", err)
				}
				if err := doc.GenManTree(root, &doc.GenManHeader{Title: "TAMGA", Section: "1"}, man); err != nil {
					return fmt.Errorf("write manual: %w", err)
				}
			}
			if markdown != "" {
				if err := writeManual(root, markdown); err != nil {
					return err
				}
			}
			for file, gen := range map[string]func(string) error{
				bash: func(f string) error { return root.GenBashCompletionFileV2(f, true) },
				zsh:  root.GenZshCompletionFile,
				fish: func(f string) error { return root.GenFishCompletionFile(f, true) },
			} {
				if file == "" {
					continue
				}
				if err := gen(file); err != nil {
					return fmt.Errorf("write completion %s: %w", file, err)
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&man, "man", "", "folder for the manual pages")
	f.StringVar(&markdown, "markdown", "", "folder for the manual as Markdown")
	f.StringVar(&bash, "bash-completion", "", "file for bash")
	f.StringVar(&zsh, "zsh-completion", "", "file for zsh")
	f.StringVar(&fish, "fish-completion", "", "file for fish")
	return cmd
}

// writeManual writes the manual as Markdown, one file a verb (docs/manual).
func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	if err := doc.GenMarkdownTree(root, dir); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	return nil
}
