package bleve

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/blevesearch/bleve/v2/index/scorch"
	"golang.org/x/sys/unix"
)

// ReleaseMapped lets go of what is resident of the mapped segments of an index that
// is being written: their pages count as memory of the program although any of them
// can be read again, from the cache of the system. Nothing else changes: the
// mappings are of files and cannot be written. The commit that is held meanwhile
// keeps each segment mapped where it is.
func (s *Store) ReleaseMapped() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.gen == nil || s.gen.view != nil {
		return nil
	}
	idx, err := s.gen.idx.Advanced()
	if err != nil {
		return err
	}
	reader, err := idx.Reader()
	if err != nil {
		return err
	}
	defer reader.Close()
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return nil
	}
	held := map[string]bool{}
	for _, segment := range snapshot.Segments() {
		held[fmt.Sprintf("%012x.zap", segment.Id())] = true
	}
	folder, err := filepath.Abs(s.gen.path)
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder) // as the system knows it
	}
	if err != nil {
		return err
	}
	return release(filepath.Join(folder, "store"), held)
}

// release lets go of the mappings of the files of a folder that are named.
func release(folder string, names map[string]bool) error {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		line := lines.Text()
		at := strings.IndexByte(line, '/')
		if at < 0 || !strings.Contains(line[:at], " r--s ") {
			continue
		}
		if dir, name := filepath.Split(line[at:]); filepath.Clean(dir) != folder || !names[name] {
			continue
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED); errno != 0 {
			return errno
		}
	}
	return nil
}
