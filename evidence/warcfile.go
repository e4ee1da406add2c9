package evidence

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// memberEnd is where the gzip member that starts at off ends.
func memberEnd(r *io.SectionReader, off int64) (int64, error) {
	src := &countReader{r: bufio.NewReaderSize(io.NewSectionReader(r, off, r.Size()-off), 32<<10)}
	z, err := gzip.NewReader(src)
	if err != nil {
		return 0, unexpected(err)
	}
	z.Multistream(false)
	if _, err := io.Copy(io.Discard, z); err != nil {
		return 0, err
	}
	return off + src.n, nil
}

// countReader counts what a gzip reader takes: with ReadByte it takes no more
// than the member.
type countReader struct {
	r *bufio.Reader
	n int64
}

func (c *countReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *countReader) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// VerifyWARC verifies the digests that a WARC file, compressed a record or not
// at all, has of itself: of each record its form, gzip checksum and block digest.
// It knows nothing of what such a file leaves out.
func VerifyWARC(ctx context.Context, r io.ReaderAt, size int64) (FileReport, error) {
	rep := FileReport{Kind: "warc"}
	none, err := rep.warc(ctx, "", io.NewSectionReader(r, 0, size), nil)
	if none > 0 {
		rep.NotProven = append(rep.NotProven, fmt.Sprintf("the blocks of %d records, which have no digest that is known here", none))
	}
	rep.Proves = append(rep.Proves, fmt.Sprintf("each of the %d records agrees with the digests in its own header", rep.Records))
	rep.NotProven = append(rep.NotProven, "that the file is as it was written: whoever changes a record can change its digest", "that no record was left out", "who wrote it, and when")
	if err != nil {
		err = fmt.Errorf("verify WARC: %w", err)
	}
	return rep.end(err)
}

// warc checks the records of one file; none is the number of those without a
// digest. starts, where not nil, gets where each begins.
func (r *FileReport) warc(ctx context.Context, name string, f *io.SectionReader, starts map[int64]bool) (none int64, err error) {
	var magic [2]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil {
		r.problem(name, 0, "%v", unexpected(err))
		return 0, nil
	}
	src := &countReader{r: bufio.NewReaderSize(f, 64<<10)}
	compressed := magic == [2]byte{0x1f, 0x8b}
	for ctx.Err() == nil {
		if _, err := src.r.Peek(1); err == io.EOF {
			break
		}
		at := src.n
		var rec *warcRecord
		err := func() (err error) {
			in := io.Reader(src)
			if compressed {
				z, err := gzip.NewReader(src)
				if err != nil {
					return unexpected(err)
				}
				z.Multistream(false)
				in = z
			}
			b := src.r // reads ahead, but not into another buffer
			if compressed {
				b = bufio.NewReaderSize(in, 32<<10)
			}
			if rec, err = openRecord(b); err != nil {
				return err
			}
			return rec.finishIn(compressed)
		}()
		if err != nil {
			r.problem(name, at, "%v", err)
			return none, nil // where the next record starts is not known
		}
		if !compressed {
			src.n += rec.head + rec.length + 4
		}
		r.Records++
		if starts != nil {
			starts[at] = true
		}
		if rec.block == nil {
			none++
		}
		if t := rec.get("WARC-Type"); t == "response" || t == "resource" || t == "revisit" {
			r.Captures++
		}
	}
	if r.Records == 0 && ctx.Err() == nil {
		r.problem(name, 0, "no record")
	}
	return none, ctx.Err()
}

// foreign checks the WARC files of a WACZ that this program did not write.
func (v *waczVerifier) foreign(ctx context.Context) error {
	starts := map[string]map[int64]bool{}
	for _, f := range v.zip.File {
		if !strings.HasPrefix(f.Name, "archive/") || !(strings.HasSuffix(f.Name, ".warc.gz") || strings.HasSuffix(f.Name, ".warc")) {
			continue
		}
		if f.Method != zip.Store {
			v.rep.problem(f.Name, 0, "a WARC that is compressed inside the zip: replay cannot seek in it")
			continue
		}
		off, err := f.DataOffset()
		if err != nil {
			return err
		}
		base := path.Base(f.Name)
		starts[base] = map[int64]bool{}
		none, err := v.rep.warc(ctx, f.Name, io.NewSectionReader(v.r, off, int64(f.UncompressedSize64)), starts[base])
		if err != nil {
			return err
		}
		if none > 0 {
			v.rep.NotProven = append(v.rep.NotProven, fmt.Sprintf("the blocks of %d records of %s, which have no digest that is known here", none, f.Name))
		}
	}
	for _, f := range v.zip.File {
		if strings.HasPrefix(f.Name, "indexes/") && !strings.HasSuffix(f.Name, ".idx") {
			if err := v.index(ctx, f, starts); err != nil {
				return err
			}
		}
	}
	v.rep.Proves = append(v.rep.Proves, "the files agree with the digests in "+waczPackage, fmt.Sprintf("each of the %d records agrees with the digests in its own header", v.rep.Records))
	v.rep.NotProven = append(v.rep.NotProven, "that the file is as it was written: it has no log of this program, and whoever changes a file can change its digests", "who wrote it, and when")
	return nil
}

// index checks that each line of a CDXJ index leads to the start of a record.
func (v *waczVerifier) index(ctx context.Context, f *zip.File, starts map[string]map[int64]bool) error {
	r, err := f.Open()
	if err != nil {
		v.rep.problem(f.Name, 0, "%v", err)
		return nil
	}
	defer r.Close()
	var in io.Reader = r
	if strings.HasSuffix(f.Name, ".gz") {
		if in, err = gzip.NewReader(r); err != nil {
			v.rep.problem(f.Name, 0, "%v", err)
			return nil
		}
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for n := 1; lines.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, rest, _ := strings.Cut(lines.Text(), " ")
		_, text, ok := strings.Cut(rest, " ")
		var e struct {
			Offset json.Number `json:"offset"`
			File   string      `json:"filename"`
		}
		if !ok || !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &e) != nil || strings.HasPrefix(lines.Text(), "!") {
			continue // a header, or a format that is not known here
		}
		if at, err := e.Offset.Int64(); err != nil || !starts[path.Base(e.File)][at] {
			v.rep.problem(f.Name, 0, "line %d leads to byte %.20s of %.100q, where no record starts", n, e.Offset, e.File)
		}
	}
	if err := lines.Err(); err != nil {
		v.rep.problem(f.Name, 0, "%v", err)
	}
	return nil
}
