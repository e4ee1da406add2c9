package bleve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"tamga/index"
)

const currentFile = "CURRENT"

var reName = regexp.MustCompile(`^g\d{6,}$`)

// errMissing is ErrNoIndex where there never was one.
var errMissing = fmt.Errorf("%w: there is none yet", index.ErrNoIndex)

// current returns the name of the generation in use.
func current(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, currentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("open index %s: %w", dir, errMissing)
	}
	if err != nil {
		return "", fmt.Errorf("open index %s: %w", dir, err)
	}
	name := strings.TrimSpace(string(b))
	if !reName.MatchString(name) {
		return "", fmt.Errorf("open index %s: %s is damaged: %w", dir, currentFile, index.ErrNoIndex)
	}
	return name, nil
}

// setCurrent puts a generation in use, at once and for good.
func setCurrent(dir, name string) error {
	tmp := filepath.Join(dir, currentFile+".tmp")
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("put index in use: %w", err)
	}
	_, err = f.WriteString(name + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, currentFile))
	}
	if err != nil {
		return fmt.Errorf("put index in use: %w", err)
	}
	if d, err := os.Open(dir); err == nil {
		d.Sync() // not every file system can
		d.Close()
	}
	return nil
}

// nextName is a name that no generation in the folder has or had in use.
func nextName(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create index: %w", err)
	}
	names, err := generations(dir)
	if err != nil {
		return "", err
	}
	last := 0
	if len(names) > 0 {
		fmt.Sscanf(names[len(names)-1], "g%d", &last)
	}
	return fmt.Sprintf("g%06d", last+1), nil
}

// generations lists the folders of generations, oldest first.
func generations(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list index: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && reName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// removeOthers removes the generations that are not in use.
func removeOthers(dir string) {
	used, err := current(dir)
	if err != nil && !errors.Is(err, index.ErrNoIndex) {
		return
	}
	names, _ := generations(dir)
	for _, n := range names {
		if n != used {
			os.RemoveAll(filepath.Join(dir, n))
		}
	}
}
