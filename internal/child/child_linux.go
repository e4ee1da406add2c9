package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// endWithParent has the kernel ask the child to end when its parent is gone:
// prctl(2), PR_SET_PDEATHSIG. It is asked, not killed, so that one with children of
// its own can end them.
func endWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}

func interrupt(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) error { return signal(cmd, syscall.SIGKILL) }

// signal goes to the process group where the child leads one.
func signal(cmd *exec.Cmd, s syscall.Signal) error {
	if !cmd.SysProcAttr.Setpgid {
		return cmd.Process.Signal(s)
	}
	err := syscall.Kill(-cmd.Process.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
