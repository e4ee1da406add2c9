package importer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Kind is what a file is.
type Kind string

// The kinds.
const (
	KindWARC     Kind = "warc"
	KindWACZ     Kind = "wacz"
	KindHAR      Kind = "har"
	KindHTML     Kind = "html"
	KindMbox     Kind = "mbox"
	KindTelegram Kind = "telegram"
	KindDiscord  Kind = "discord"
	KindTagPack  Kind = "tagpack"
)

// Kinds are all of them.
var Kinds = []Kind{KindWARC, KindWACZ, KindHAR, KindHTML, KindMbox, KindTelegram, KindDiscord, KindTagPack}

// ErrKind says that a file is of no kind that is known.
var ErrKind = errors.New("not a file of a known kind")

// ParseKind reads the name of a kind.
func ParseKind(s string) (Kind, error) {
	if k := Kind(s); slices.Contains(Kinds, k) {
		return k, nil
	}
	var names []string
	for _, k := range Kinds {
		names = append(names, string(k))
	}
	return "", fmt.Errorf("kind %q: want one of %s", s, strings.Join(names, ", "))
}

// sniffed is how much of a file tells what it is, in bytes.
const sniffed = 64 << 10

// Detect tells the kind of a file by what is in it. A folder is one of pages.
func Detect(path string) (Kind, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return KindHTML, nil
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", filepath.Base(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", err
	}
	if k := sniff(head[:n]); k != "" {
		return k, nil
	}
	if bytes.HasPrefix(head[:n], []byte("PK\x03\x04")) {
		if z, err := zip.NewReader(f, info.Size()); err == nil && isWACZ(z) {
			return KindWACZ, nil
		}
		return "", fmt.Errorf("%s: a zip file without archive/*.warc: %w", filepath.Base(path), ErrKind)
	}
	if narrow := ascii16(head[:n]); firstByte(narrow) == '{' || bytes.HasPrefix(narrow, []byte("From ")) {
		return "", fmt.Errorf("%s: text in UTF-16: have it saved as UTF-8: %w", filepath.Base(path), ErrKind)
	}
	if firstByte(bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))) == '{' {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		if k := sniffJSON(f); k != "" {
			return k, nil
		}
	}
	return "", fmt.Errorf("%s: %w", filepath.Base(path), ErrKind)
}

func firstByte(b []byte) byte {
	if b = bytes.TrimLeft(b, " \t\r\n"); len(b) > 0 {
		return b[0]
	}
	return 0
}

// sniff tells the kinds that their first bytes tell.
func sniff(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("WARC/")):
		return KindWARC
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			return ""
		}
		start := make([]byte, 5)
		if io.ReadFull(z, start); string(start) == "WARC/" {
			return KindWARC
		}
		return ""
	case isMbox(head), isMail(head):
		return KindMbox
	case isHTML(head):
		return KindHTML
	case isTagPack(head):
		return KindTagPack
	}
	return ""
}

// isHTML tells a page by its first tag.
func isHTML(head []byte) bool {
	b := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head[:min(len(head), 4096)], []byte("\xef\xbb\xbf")), " \t\r\n\f"))
	for bytes.HasPrefix(b, []byte("<!--")) || bytes.HasPrefix(b, []byte("<?xml")) {
		end := bytes.IndexByte(b, '>')
		if bytes.HasPrefix(b, []byte("<!--")) {
			if end = bytes.Index(b, []byte("-->")); end >= 0 {
				end += 2
			}
		}
		if end < 0 {
			return true // a comment that long opens saved pages only
		}
		b = bytes.TrimLeft(b[end+1:], " \t\r\n\f")
	}
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<table", "<div"} {
		if bytes.HasPrefix(b, []byte(tag)) {
			return true
		}
	}
	return false
}

// isTagPack tells a TagPack or actor pack in YAML by the keys on its first lines.
func isTagPack(head []byte) bool {
	var title, list bool
	for line := range bytes.Lines(head) {
		switch key, _, _ := bytes.Cut(line, []byte(":")); string(bytes.Trim(key, "\"")) {
		case "title":
			title = true
		case "tags", "actors":
			list = true
		}
	}
	return title && list
}

var errFound = errors.New("found")

// sniffJSON tells JSON by the keys of its first object. It reads no further than
// the key that tells.
func sniffJSON(in io.Reader) (kind Kind) {
	s := newJSONStream(in)
	s.bom()
	var guild, channel, title bool
	s.object(func(key string) error {
		switch key {
		case "log":
			return s.object(func(key string) error {
				if key == "entries" || key == "version" || key == "creator" {
					kind = KindHAR
					return errFound
				}
				return s.skip()
			})
		case "guild":
			guild = true
		case "channel":
			channel = true
		case "title":
			title = true
		case "tags", "actors":
			if title {
				kind = KindTagPack
				return errFound
			}
		case "chats", "left_chats":
			kind = KindTelegram
			return errFound
		case "messages":
			kind = KindTelegram
			if guild || channel {
				kind = KindDiscord
				return errFound
			}
		}
		return s.skip()
	})
	if guild && channel {
		return KindDiscord
	}
	return kind
}
