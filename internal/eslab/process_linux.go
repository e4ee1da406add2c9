package eslab

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"tamga/internal/child"
)

// nobody is who the server runs as when the tests run as root, which it refuses.
func nobody() (uid, gid int, err error) {
	u, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// reachable returns where nobody can read the installation: where it is, or, if
// some folder above is closed to others, a copy in the server's folder.
func (s *Server) reachable(home string) (string, error) {
	if os.Getuid() != 0 {
		return home, nil
	}
	for dir := filepath.Clean(home); ; dir = filepath.Dir(dir) {
		fi, err := os.Stat(dir)
		if err != nil {
			return "", err
		}
		if fi.Mode().Perm()&0o001 == 0 {
			copied := filepath.Join(s.dir, "home")
			if out, err := exec.Command("cp", "-a", home, copied).CombinedOutput(); err != nil {
				return "", fmt.Errorf("copy %s: %w: %s", home, err, out)
			}
			return copied, nil
		}
		if dir == filepath.Dir(dir) {
			return home, nil
		}
	}
}

// run starts the process: the launcher and the server proper, in a group of theirs.
func (s *Server) run(home, java string) (err error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		uid, gid, err := nobody()
		if err != nil {
			return err
		}
		err = filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, uid, gid)
		})
		if err != nil {
			return err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	cmd := exec.Command(filepath.Join(home, "bin", "elasticsearch"))
	cmd.Dir, cmd.SysProcAttr = s.dir, attr
	cmd.Env = append(os.Environ(),
		"ES_JAVA_HOME="+java, "ES_PATH_CONF="+filepath.Join(s.dir, "config"), "ES_TMPDIR="+filepath.Join(s.dir, "tmp"),
		"ES_JAVA_OPTS=-Xms512m -Xmx512m", "HOME="+s.dir)
	s.process, err = child.Start(cmd, filepath.Join(s.dir, "output"))
	return err
}
