package importer

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a WACZ file.
const (
	maxZipEntries = 1 << 16
	maxPackage    = 16 << 20 // bytes of datapackage.json
)

// isWACZ tells a WACZ file by the archives in it.
func isWACZ(z *zip.Reader) bool {
	for _, f := range z.File {
		if isArchive(f.Name) {
			return true
		}
	}
	return false
}

func isArchive(name string) bool {
	return strings.HasPrefix(name, "archive/") && (strings.HasSuffix(name, ".warc") || strings.HasSuffix(name, ".warc.gz"))
}

// wacz seals the records of the archives in a WACZ file (WACZ 1.1.1), and checks
// the archives against its datapackage.json.
func (r *run) wacz(f io.ReaderAt) error {
	z, err := zip.NewReader(f, r.size)
	if err != nil {
		return fileError{fmt.Errorf("not a zip file: %w", err)}
	}
	if len(z.File) > maxZipEntries {
		return fileError{fmt.Errorf("a zip file of %d entries: the limit is %d", len(z.File), maxZipEntries)}
	}
	listed := r.listed(z)
	seen := map[string]bool{}
	archives := 0
	for _, e := range z.File {
		place := r.name + "/" + clip(oneLine(e.Name), 200)
		switch {
		case strings.Contains(e.Name, "\\") || path.IsAbs(e.Name) || strings.TrimSuffix(e.Name, "/") != path.Clean(e.Name) || strings.HasPrefix(e.Name, "../"):
			r.sum.problem(place, "a name that leads out of the archive: not read")
			continue
		case !isArchive(e.Name):
			continue
		case seen[e.Name]:
			r.sum.problem(place, "an entry that stands twice: the second is not read")
			continue
		case !e.Mode().IsRegular():
			r.sum.problem(place, "not a regular file: not read")
			continue
		}
		seen[e.Name] = true
		archives++
		if err := r.archive(e, listed[e.Name], place); err != nil {
			return err
		}
	}
	for name := range listed {
		if isArchive(name) && !seen[name] {
			r.sum.problem(r.name+"/"+clip(oneLine(name), 200), "listed in datapackage.json, and not there")
		}
	}
	if archives == 0 {
		return fileError{errors.New("a zip file without archive/*.warc.gz")}
	}
	return nil
}

// archive seals the records of one archive.
func (r *run) archive(e *zip.File, digest, place string) error {
	in, err := e.Open()
	if err != nil {
		r.sum.problem(place, "%v", err)
		return nil
	}
	defer in.Close()
	h := sha256.New()
	packed := int64(e.CompressedSize64)
	whole := &bombReader{r: io.TeeReader(withContext{r.ctx, in}, h), packed: packed}
	if err := r.warc(whole, r.name+"/"+e.Name); err != nil {
		if err := r.settle(err); err != nil {
			if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || whole.failed {
				r.sum.problem(place, "damaged: %v", err)
				return nil
			}
			return err
		}
	}
	if digest == "" {
		return nil
	}
	if _, err := io.Copy(io.Discard, whole); err != nil {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		r.sum.problem(place, "damaged: %v", err)
		return nil
	}
	if got := "sha256:" + hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, digest) {
		r.sum.problem(place, "it does not have the hash that datapackage.json says")
	}
	return nil
}

// listed are the hashes of datapackage.json by path. A package that cannot be read
// is a problem; the archives are taken in all the same.
func (r *run) listed(z *zip.Reader) map[string]string {
	out := map[string]string{}
	f, err := z.Open("datapackage.json")
	if err != nil {
		r.sum.problem(r.name, "no datapackage.json: the archives are not checked")
		return out
	}
	defer f.Close()
	var p struct {
		Resources []struct{ Path, Hash string }
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPackage+1))
	if err == nil && len(b) > maxPackage {
		err = fmt.Errorf("longer than %d bytes", maxPackage)
	}
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		r.sum.problem(r.name+"/datapackage.json", "it cannot be read: %v", err)
	}
	for _, x := range p.Resources {
		if strings.HasPrefix(x.Hash, "sha256:") {
			out[x.Path] = x.Hash
		}
	}
	return out
}

// bombReader ends where a zip entry unpacks to more than any archive does.
type bombReader struct {
	r      io.Reader
	packed int64
	out    int64
	failed bool // the entry cannot be read
}

func (b *bombReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.out += int64(n)
	if b.out > freeOutput && b.out/maxRatio > b.packed {
		return 0, fileError{errBomb}
	}
	b.failed = b.failed || err != nil && err != io.EOF
	return n, err
}
