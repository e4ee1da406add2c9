package bleve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/blevesearch/bleve/v2"
)

// Bleve keeps the commit before the last and, where the last one's segments are
// gone or unreadable, opens that without a word. The mark is the checkpoint of the
// last commit, in a file of its own beside the index: an index whose checkpoint is
// behind its mark has lost commits.
const markFile = "checkpoint"

// writeMark replaces the mark of a generation; it is written after the commit, so
// a crash leaves it behind the index, never ahead.
func writeMark(path string, checkpoint int64) error {
	tmp := filepath.Join(path, markFile+".tmp")
	if err := os.WriteFile(tmp, []byte(strconv.FormatInt(checkpoint, 10)+"\n"), 0o644); err != nil {
		return fmt.Errorf("write mark of index %s: %w", path, err)
	}
	if err := os.Rename(tmp, filepath.Join(path, markFile)); err != nil {
		return fmt.Errorf("write mark of index %s: %w", path, err)
	}
	return nil
}

// readMark returns the mark of a generation; 0 before the first Put.
func readMark(path string) (int64, error) {
	b, err := os.ReadFile(filepath.Join(path, markFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("mark %q: not a number", b)
	}
	return n, nil
}

// checkWhole tells an index that has lost commits from a whole one. mark was read
// before the commit that idx shows.
func checkWhole(idx bleve.Index, mark int64) error {
	b, err := idx.GetInternal(checkpointKey)
	if err != nil {
		return err
	}
	if len(b) != 8 {
		return errors.New("segments are missing or damaged")
	}
	if n := int64(binary.BigEndian.Uint64(b)); n < mark {
		return fmt.Errorf("segments are missing or damaged: it goes to entry %d, and went to %d", n, mark)
	}
	return nil
}
