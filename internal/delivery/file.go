package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File appends each alert as a line and waits for the disk. A line that a crash cut
// is ended first, so that the next one stands alone; nothing is ever taken away.
type File struct{ Path string }

// Send appends a line.
func (f File) Send(_ context.Context, alert []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("append to %s: %w", f.Path, err)
		}
	}()
	// A pipe or device would block, or forget.
	info, err := os.Stat(f.Path)
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return err
	}
	if !fresh && !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	out, err := os.OpenFile(f.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	line := append(append(make([]byte, 0, len(alert)+2), alert...), '\n')
	if end, err := out.Seek(0, io.SeekEnd); err != nil {
		return err
	} else if end > 0 {
		var last [1]byte
		if _, err := out.ReadAt(last[:], end-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := out.Write(line); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if fresh {
		return syncDir(filepath.Dir(f.Path))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
