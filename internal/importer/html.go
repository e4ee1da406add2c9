package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"
)

// html seals the pages of a folder, or one page. Only what is a page by its first
// bytes is taken: images, styles and scripts beside it are not. Links of the file
// system are not followed.
func (r *run) html(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		f, err := os.Open(root)
		if err != nil {
			return err
		}
		defer f.Close()
		return r.page(f, r.name, r.name)
	}
	// A Root opens nothing outside of the folder, whatever becomes of it meanwhile.
	dir, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer dir.Close()
	if r.name == "." || r.name == ".." || r.name == "/" {
		if abs, err := filepath.Abs(root); err == nil {
			r.name = filepath.Base(abs)
		}
	}
	return fs.WalkDir(dir.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if e := r.ctx.Err(); e != nil {
			return e
		}
		shown := path.Join(r.name, name)
		switch {
		case err != nil:
			r.sum.problem(shown, "%v", base(err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			r.sum.problem(shown, "a symbolic link: not followed")
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			r.sum.problem(shown, "not a regular file")
			return nil
		}
		f, err := dir.Open(filepath.FromSlash(name))
		if err != nil {
			r.sum.problem(shown, "%v", base(err))
			return nil
		}
		defer f.Close()
		return r.page(f, name, shown)
	})
}

// base is what a file system error says, without the path.
func base(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// page seals one file if it is a page. name is its path in the folder.
func (r *run) page(f io.Reader, name, shown string) error {
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.sum.problem(shown, "%v", base(err))
		return nil
	}
	if head = head[:n]; !isHTML(head) && !isHTML(ascii16(head)) {
		return nil
	}
	rest, err := io.ReadAll(io.LimitReader(f, MaxRecord+1-int64(n)))
	if err != nil {
		r.sum.problem(shown, "%v", base(err))
		return nil
	}
	body := append(head, rest...)
	truncated := len(body) > MaxRecord
	if truncated {
		body = body[:MaxRecord]
		r.sum.problem(shown, "longer than %d bytes: sealed in part", MaxRecord)
	}
	sum := sha256.Sum256(body)
	r.digest = hex.EncodeToString(sum[:])
	u, how := pageURL(body[:min(len(body), 256<<10)])
	if u == "" {
		u, how = r.based(name)
	}
	ex := r.exchange(u, "text/html", body)
	ex.Via, ex.Detail = "", fmt.Sprintf("file %s; address from %s", clip(name, 500), how)
	if truncated {
		ex.Truncated = "length"
	}
	if r.Source == "" {
		if at, err := url.Parse(u); err == nil && at.Host != "" {
			ex.Source = at.Hostname()
		}
	}
	return r.seal(ex)
}

// ascii16 is the ASCII of a text in UTF-16, if it has a byte order mark.
func ascii16(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte{0xff, 0xfe}) && !bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		return nil
	}
	return bytes.ReplaceAll(b[2:], []byte{0}, nil)
}

// based is the address of a page that does not tell its own.
func (r *run) based(name string) (u, how string) {
	rel := &url.URL{Path: name}
	if b, err := url.Parse(r.BaseURL); r.BaseURL != "" && err == nil {
		if !strings.HasSuffix(b.Path, "/") {
			b.Path += "/"
		}
		if u := absolute(b.JoinPath(name).String()); u != "" {
			return u, "the base address and the file's name"
		}
	}
	if name != r.name {
		rel.Path = path.Join(r.name, name)
		if u := mirrored(rel.Path); u != "" {
			return u, "the folder's name, its scheme unknown"
		}
	}
	return "file:///" + strings.TrimPrefix(rel.EscapedPath(), "/"), "the file's name alone"
}

// mirrored is the address of a page of a mirror, as wget -r and HTTrack lay them out:
// a folder named after the host, in the folder or the folder itself. What stands
// behind a question mark in the file's name is the query; an index is its folder's
// page. "" where no folder is named like a host.
func mirrored(name string) string {
	host, rest, ok := strings.Cut(name, "/")
	if !isHost(host) {
		if host, rest, ok = strings.Cut(rest, "/"); !ok || !isHost(host) {
			return ""
		}
	}
	file, query, asked := strings.Cut(rest, "?")
	if dir, base := path.Split(file); base == "index.html" || base == "index.htm" {
		file = dir
	}
	at := &url.URL{Scheme: "http", Host: host, Path: "/" + file}
	if asked { // wget -E puts .html behind the query too
		at.RawQuery = strings.TrimSuffix(query, ".html")
	}
	return webURL(at.String())
}

// isHost tells a host name, with a port or without: one of a hidden service, or
// under a public suffix that is delegated.
func isHost(s string) bool {
	if name, port, ok := strings.Cut(s, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		s = name
	}
	if len(s) > 253 || strings.ToLower(s) != s || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return false
	}
	name, top, ok := cutLast(s, ".")
	if !ok || name == "" || strings.HasPrefix(name, ".") || strings.Contains(s, "..") {
		return false
	}
	if top == "onion" || top == "i2p" {
		return true
	}
	_, known := publicsuffix.PublicSuffix(s)
	return known
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// pageURL is the address that a saved page tells: what the program that saved it
// wrote, else the page's own canonical link.
func pageURL(b []byte) (u, how string) {
	z := html.NewTokenizer(bytes.NewReader(b))
	z.SetMaxBuf(1 << 20)
	canonical := ""
	for range 4096 {
		switch z.Next() {
		case html.ErrorToken:
			return canonical, "the canonical link"
		case html.CommentToken:
			if u, how := savedFrom(string(z.Text())); u != "" {
				return u, how
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if string(name) == "body" && canonical != "" {
				return canonical, "the canonical link"
			}
			if string(name) != "link" || canonical != "" {
				continue
			}
			attr := map[string]string{}
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				attr[string(k)] = string(v)
			}
			for _, rel := range strings.Fields(strings.ToLower(attr["rel"])) {
				if rel == "canonical" {
					canonical = webURL(attr["href"])
				}
			}
		}
	}
	return canonical, "the canonical link"
}

// savedFrom reads the comments that browsers, SingleFile and HTTrack leave.
func savedFrom(comment string) (u, how string) {
	text := strings.TrimSpace(comment)
	lower := strings.ToLower(text)
	if rest, ok := strings.CutPrefix(lower, "saved from url="); ok {
		rest = text[len(text)-len(rest):]
		if _, after, ok := strings.Cut(rest, ")"); ok && strings.HasPrefix(rest, "(") {
			rest = after // the length of the URL
		}
		return webURL(firstField(rest)), "the browser's saved-from comment"
	}
	if strings.Contains(lower, "singlefile") {
		if i := strings.Index(lower, "url:"); i >= 0 {
			return webURL(firstField(text[i+len("url:"):])), "SingleFile's comment"
		}
	}
	if rest, ok := strings.CutPrefix(lower, "mirrored from "); ok && strings.Contains(lower, "httrack") {
		at := firstField(text[len(text)-len(rest):])
		if !strings.Contains(at, "://") {
			at = "http://" + at
		}
		return webURL(at), "HTTrack's comment"
	}
	return "", ""
}

func firstField(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// webURL is an http or https URL that may be sealed, or "".
func webURL(s string) string {
	u, err := url.Parse(absolute(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return absolute(s)
}
