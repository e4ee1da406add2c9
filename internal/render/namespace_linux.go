package render

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// gateAddress is where the way out listens in the namespace, which is the browser's
// alone, so the port is always free.
const gateAddress = "127.0.0.1:1080"

// childName is the program name under which this program, started by itself, becomes
// the first process of a namespace.
const childName = "tamga-render-namespace"

// init turns a process that was started as childName into that: before main, so that it
// holds for every program this package is part of, tests included.
func init() {
	if len(os.Args) < 5 || os.Args[0] != childName {
		return
	}
	gate, err := strconv.Atoi(os.Args[1])
	if err == nil {
		err = enter(gate, os.Args[2], os.Args[3:])
	}
	unix.Write(gate, []byte(err.Error())) // enter comes back with an error only
	os.Exit(125)
}

// enter makes the way out, hands its socket to who started the process, starts the
// browser, without capabilities, and exits with it. It does not return where that
// succeeds. It is the first process of a process namespace: with its end, whatever the
// reason, the kernel ends all the others; and with theirs go the mounts and what the
// browser wrote.
func enter(gate int, profile string, argv []string) error {
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	if err := alone(); err != nil {
		return err
	}
	if err := ownFiles(profile); err != nil {
		return err
	}
	l, err := net.Listen("tcp4", gateAddress)
	if err != nil {
		return err
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(gate, []byte{0}, unix.UnixRights(int(f.Fd())), nil, 0); err != nil {
		return fmt.Errorf("hand the way out over: %w", err)
	}
	f.Close()
	l.Close()
	unix.CloseOnExec(gate)
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil { // the browser, of the same user, looks at no memory of it
		return err
	}
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // a dump would hold the session
	files := make([]uintptr, gate)
	for i := range files {
		files[i] = uintptr(i)
	}
	pid, err := forkExec(argv, files)
	if err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	go func() { // who started this has gone, or is done with the page
		var b [1]byte
		for n, err := 1, error(nil); n > 0 || err == unix.EINTR; {
			n, err = unix.Read(gate, b[:])
		}
		os.Exit(0)
	}()
	for {
		var status unix.WaitStatus
		switch got, err := unix.Wait4(-1, &status, 0, nil); {
		case err != nil && err != unix.EINTR:
			os.Exit(125)
		case got == pid && status.Exited():
			os.Exit(status.ExitStatus())
		case got == pid && status.Signaled():
			os.Exit(128 + int(status.Signal()))
		}
	}
}

// forkExec starts the browser. Ambient capabilities are of a thread, so they are
// dropped on that which makes the process.
func forkExec(argv []string, files []uintptr) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("drop capabilities: %w", err)
	}
	return syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{Env: os.Environ(), Files: files, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}})
}

// maxProfile bounds what the browser writes, its shared memory included.
const maxProfile = "512m"

// ownFiles mounts a file system in memory for what the browser writes, which is seen in
// the namespace alone, and there makes the profile.
func ownFiles(profile string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	if err := unix.Mount("tmpfs", filepath.Dir(profile), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700,size="+maxProfile); err != nil {
		return fmt.Errorf("mount a file system in memory: %w", err)
	}
	// Processes of others need not be seen. Where parts of /proc are masked, as in a
	// container, the kernel does not allow it, and the old one does too.
	_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	return os.Mkdir(profile, 0o700)
}

// profileDir is where a browser has its profile: below a directory that it has no other
// use for, and that is covered in its namespace.
func profileDir() (string, error) {
	for _, dir := range []string{"/dev/shm", "/mnt", "/media", "/tmp"} {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			return filepath.Join(dir, "tamga-render"), nil
		}
	}
	return "", errors.New("no directory to mount on")
}

// alone makes sure that the namespace has no interface but loopback.
func alone() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			return errors.New("the namespace has an interface besides loopback: " + i.Name)
		}
	}
	return nil
}

// loopbackUp sets IFF_UP on lo (netdevice(7)).
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// plainUser is who the superuser is in a namespace: Chromium refuses to keep its
// sandbox as user 0.
const plainUser = 1000

// confine has a command start in namespaces of its own. Its files are still those of
// the user who runs this program.
func confine(cmd *exec.Cmd) {
	user, group := os.Geteuid(), os.Getegid()
	within := func(id int) int {
		if id == 0 {
			return plainUser
		}
		return id
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: within(user), HostID: user, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: within(group), HostID: group, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN}, // to bring loopback up and to mount; the browser has none
		Setpgid:     true,
		Pdeathsig:   syscall.SIGKILL,
	}
}

// gate is the parent's end of the socket over which the way out comes.
type gate struct{ ours, theirs *os.File }

func newGate() (*gate, error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &gate{os.NewFile(uintptr(p[0]), "gate"), os.NewFile(uintptr(p[1]), "gate of the namespace")}, nil
}

func (g *gate) close() { g.ours.Close(); g.theirs.Close() }

// child makes of the command of a browser one that enters the namespace first.
func (g *gate) child(cmd *exec.Cmd, profile string) {
	at := 3 + len(cmd.ExtraFiles)
	cmd.ExtraFiles = append(cmd.ExtraFiles, g.theirs)
	cmd.Args = append([]string{childName, strconv.Itoa(at), profile, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/proc/self/exe"
	confine(cmd)
}

// listener waits for the way out: the socket on which the namespace listens.
func (g *gate) listener(limit time.Duration) (net.Listener, error) {
	tv := unix.NsecToTimeval(limit.Nanoseconds())
	fd := int(g.ours.Fd()) // blocking from here on
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return nil, err
	}
	said, rights := make([]byte, 512), make([]byte, unix.CmsgSpace(4))
	n, rn, _, _, err := unix.Recvmsg(fd, said, rights, unix.MSG_CMSG_CLOEXEC)
	for err == unix.EINTR {
		n, rn, _, _, err = unix.Recvmsg(fd, said, rights, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNamespace, err)
	}
	messages, err := unix.ParseSocketControlMessage(rights[:rn])
	if err != nil || len(messages) == 0 {
		if n == 0 {
			return nil, fmt.Errorf("%w: the process ended", ErrNamespace)
		}
		return nil, fmt.Errorf("%w: %s", ErrNamespace, said[:n])
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil, fmt.Errorf("%w: no socket came", ErrNamespace)
	}
	f := os.NewFile(uintptr(fds[0]), "way out")
	defer f.Close()
	return net.FileListener(f)
}

// Check tells whether pages can be drawn here: it makes a namespace and leaves it. The
// error is ErrNamespace.
func Check() error {
	path, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	profile, err := profileDir()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNamespace, err)
	}
	g, err := newGate()
	if err != nil {
		return err
	}
	defer g.close()
	cmd := exec.Command(path, "")
	g.child(cmd, profile)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", ErrNamespace, err)
	}
	g.theirs.Close()
	l, err := g.listener(10 * time.Second)
	if err == nil {
		l.Close()
	}
	_ = cmd.Wait()
	return err
}
