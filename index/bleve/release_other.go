//go:build !linux

package bleve

// ReleaseMapped does nothing where the system does not tell what is mapped.
func (s *Store) ReleaseMapped() error { return nil }
