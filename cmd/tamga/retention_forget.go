package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tamga/crawler"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

// staleIndex is a file that is there while something in the workspace may still
// know of captures that are removed.
func staleIndex(ws *config.Workspace) string { return filepath.Join(ws.Dir, ".index-stale") }

// markStale puts it there, on the disk.
func markStale(ws *config.Workspace) error {
	f, err := os.Create(staleIndex(ws))
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(ws.Dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// settle finishes, before anything is read, what a killed retention run left.
func (a *app) settle(ws *config.Workspace) error {
	if _, err := os.Stat(staleIndex(ws)); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	h, err := a.enter(true)
	if errors.Is(err, config.ErrLocked) {
		return hinted{fmt.Errorf("captures are being deleted: %w", err), "wait until the retention run has ended; what it deletes is not shown any more"}
	} else if err != nil {
		return err
	}
	h.Close()
	return nil
}

// forget removes what was made of captures that are removed: claims that quote
// them, the index, and what the tables remember. It may be repeated.
func (a *app) forget(ctx context.Context, h *house) (withdrawn int64, tombstones []int64, err error) {
	if _, err := os.Stat(staleIndex(h.ws)); errors.Is(err, os.ErrNotExist) {
		return 0, nil, nil
	} else if err != nil {
		return 0, nil, err
	}
	claims, err := pipeline.Orphans(ctx, h.archive)
	if err != nil {
		return 0, nil, err
	}
	reason, err := json.Marshal(map[string]any{"rule": "they quote captures that are removed", "operator": operator(h.conf)})
	if err != nil {
		return 0, nil, err
	}
	if tombstones, err = h.archive.Withdraw(ctx, claims, reason); err != nil {
		return 0, tombstones, err
	}
	withdrawn = int64(len(claims))
	a.log.Info("captures were removed: the index is built anew")
	progress := a.progress()
	bar := progress.Bar("reindex", "captures", 0)
	_, err = h.pipe.Reindex(ctx, bar.Set)
	bar.Done()
	progress.Wait()
	if err == nil {
		err = a.purge(ctx, h)
	}
	if err != nil {
		return withdrawn, tombstones, fmt.Errorf("captures are removed, and the index or the tables still know them: %w", err)
	}
	return withdrawn, tombstones, os.Remove(staleIndex(h.ws))
}

// purge takes them out of tamga.db, and out of the free pages of its file.
func (a *app) purge(ctx context.Context, h *house) error {
	if h.pipe.Alerts != nil {
		if err := h.pipe.Alerts.Forget(ctx); err != nil {
			return err
		}
	}
	if _, err := crawler.Forget(ctx, h.db.Writer(), h.archive.RemovedEntries()); err != nil {
		return err
	}
	for _, q := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := h.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("clean %s: %w", h.ws.Database(), err)
		}
	}
	return nil
}
