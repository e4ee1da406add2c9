package bitcoin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrDamaged says that a file of an index is not as it was written. The index holds
// nothing of its own: it can be removed and built again.
var ErrDamaged = errors.New("the ledger index is damaged")

// ErrBlocks says that an index reads transactions from block files that changed
// since: they went away, or other transactions stand where it looks.
var ErrBlocks = errors.New("the block files are not as they were when they were indexed")

// verifiedAtOnce is the size of an index that is compared with its checksums
// whenever it is opened: some hundredths of a second.
var verifiedAtOnce int64 = 64 << 20

// Verify compares every file of the index with its checksum in the manifest and
// names the first that differs, with an error that is ErrDamaged.
func (x *Index) Verify(ctx context.Context) error { return x.m.verify(ctx, x.dir) }

func (m *manifest) verify(ctx context.Context, dir string) error {
	for _, f := range m.files() {
		if err := ctx.Err(); err != nil {
			return err
		}
		sum, _, err := fileSum(filepath.Join(dir, f.Name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		case err != nil:
			return err
		case sum != f.SHA256:
			return fmt.Errorf("%w: %s differs from its checksum", ErrDamaged, filepath.Join(dir, f.Name))
		}
	}
	return nil
}

// size is the size of all files of the index.
func (m *manifest) size() (n int64) {
	for _, f := range m.files() {
		n += f.Size
	}
	return n
}

// verifySmall verifies an index that is small.
func (m *manifest) verifySmall(dir string) error {
	if m.size() > verifiedAtOnce {
		return nil
	}
	return m.verify(context.Background(), dir)
}

// disposable says that an index that is there is of no use but to be built again.
func disposable(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrVersion)
}
