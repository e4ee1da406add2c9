//go:build !linux

package child

import (
	"os"
	"os/exec"
)

func endWithParent(*exec.Cmd) {}

func interrupt(cmd *exec.Cmd) { cmd.Process.Signal(os.Interrupt) }

func kill(cmd *exec.Cmd) error { return cmd.Process.Kill() }
