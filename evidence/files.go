package evidence

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// checkFiles compares the folders with the files that the log names. cut is the
// first unsigned entry whose WARC bytes are missing, or -1; dropped says that
// such entries are left out already.
func (s *state) checkFiles(dropped bool) (cut int64, err error) {
	sizes, err := s.list(warcDir)
	if err != nil {
		return -1, err
	}
	cut = s.firstMissing(sizes)
	if cut >= 0 && !s.live {
		return cut, nil
	}
	for i, f := range s.files {
		name := warcDir + "/" + f.name
		size, ok := sizes[f.name]
		delete(sizes, f.name)
		switch {
		case !ok:
			s.problem(name, 0, "the file is gone: the log knows %d bytes of it", f.size)
		case size < f.size:
			s.problem(name, size, "the file ends here: the log knows %d bytes of it", f.size)
		case s.live || s.blind || size == f.size:
		case i < len(s.files)-1:
			s.problem(name, f.size, "%d bytes that no log entry names", size-f.size)
		default:
			s.recover("%s: %d bytes of a record that is in no log entry at byte %d", name, size-f.size, f.size)
			s.fixes.truncate = append(s.fixes.truncate, f)
		}
	}
	if s.live {
		return -1, nil
	}
	// What a crash left are the next files, without a gap unless the entries
	// that named them are dropped.
	next := len(s.files)
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		switch {
		case name != warcName(next) && !(dropped && validWarcName(name)):
			s.problem(warcDir+"/"+name, 0, "no log entry names this file")
		case !s.blind:
			s.recover("%s/%s: a file of %d bytes that is in no log entry", warcDir, name, sizes[name])
			s.fixes.remove = append(s.fixes.remove, warcDir+"/"+name)
		}
		next++
	}
	return -1, s.checkLog()
}

// checkLog looks for files of the log that it does not know.
func (s *state) checkLog() error {
	sizes, err := s.list(logDir)
	if err != nil {
		return err
	}
	for name := range sizes {
		switch path := logDir + "/" + name; path {
		case entriesFile, hashesFile, headFile, keyFile:
		case headTemp:
			s.recover("%s: a head that was not finished", headTemp)
			s.fixes.remove = append(s.fixes.remove, headTemp)
		default:
			s.problem(path, 0, "no file of a log")
		}
	}
	return nil
}

// list returns the sizes of the files in a folder of the archive.
func (s *state) list(folder string) (map[string]int64, error) {
	sizes := map[string]int64{}
	items, err := os.ReadDir(filepath.Join(s.dir, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, d := range items {
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a writer at work
		} else if err != nil {
			return nil, err
		}
		if info.IsDir() && folder+"/"+d.Name() == stampDir {
			continue
		}
		if !info.Mode().IsRegular() {
			s.problem(folder+"/"+d.Name(), 0, "not a regular file")
			continue
		}
		sizes[d.Name()] = info.Size()
	}
	return sizes, nil
}

// firstMissing is the first entry beyond the signed head with WARC bytes that
// are not there, where no signed entry misses any; else -1.
func (s *state) firstMissing(sizes map[string]int64) int64 {
	for _, t := range s.tail {
		if t.rec.end() > sizes[t.rec.File] {
			return t.seq
		}
	}
	return -1
}

// repair cuts back what a crash left.
func (s *state) repair(entries, hashes file) error {
	var errs []error
	do := func(err error) { errs = append(errs, err) }
	if s.fixes.cutEntries {
		do(entries.Truncate(s.size))
	}
	if s.fixes.cutHashes {
		do(hashes.Truncate(s.fixes.hashSize))
	}
	if len(s.fixes.hashes) > 0 {
		_, err := hashes.WriteAt(s.fixes.hashes, s.fixes.hashSize)
		do(err)
	}
	for _, f := range s.fixes.truncate {
		do(os.Truncate(filepath.Join(s.dir, warcDir, f.name), f.size))
	}
	for _, name := range s.fixes.remove {
		do(os.Remove(filepath.Join(s.dir, filepath.FromSlash(name))))
	}
	s.fixes = fixes{}
	s.tail = nil
	return errors.Join(errs...)
}
