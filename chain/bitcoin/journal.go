package bitcoin

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// journalName is the file that says what a build has finished, so that the next
// one goes on where this one was ended. It is gone when the build is through.
const journalName = "build.journal"

// A record of the journal: length of the rest u32, CRC-32C of the rest u32, then
// kind u8, length of the text u32, the text as JSON, and rows.
const (
	recordBuild  = 'B' // what is built: the first record
	recordSource = 'S' // a block file that was read, with its rows
	recordLayer  = 'L' // a layer that is whole and in place
)

// journaled is what is built. A journal of something else is of no use.
type journaled struct {
	Version   int    `json:"version"`
	Network   string `json:"network"`
	Blocks    string `json:"blocks"`
	Key       string `json:"key"`
	LayerRows int64  `json:"layer_rows"`
}

type journal struct {
	mu sync.Mutex
	f  *os.File
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal replays the journal of a folder and leaves it open at the end of
// what is whole in it. What it holds of another build is thrown away.
func openJournal(dir string, of journaled, source func(sourceFile, []byte), layer func(layerFile)) (*journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	end, err := replay(f, of, source, layer)
	if err == nil {
		if err = f.Truncate(end); err == nil {
			_, err = f.Seek(end, io.SeekStart)
		}
	}
	j := &journal{f: f}
	if err == nil && end == 0 {
		err = j.add(recordBuild, of, nil)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, journalName), err)
	}
	return j, nil
}

// replay calls the functions for each whole record and returns where they end.
func replay(f *os.File, of journaled, source func(sourceFile, []byte), layer func(layerFile)) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	end := int64(0)
	for first := true; ; first = false {
		kind, text, rows, size, err := readRecord(f, end, info.Size())
		if err != nil {
			return 0, err
		}
		if size == 0 {
			return end, nil
		}
		switch {
		case first:
			var got journaled
			if kind != recordBuild || json.Unmarshal(text, &got) != nil || got != of {
				return 0, nil
			}
		case kind == recordSource:
			var s sourceFile
			if json.Unmarshal(text, &s) == nil && int64(len(rows)) == int64(s.Blocks)*scanRow {
				source(s, rows)
			}
		case kind == recordLayer:
			var l layerFile
			if json.Unmarshal(text, &l) == nil && l.Name == filepath.Base(l.Name) {
				layer(l)
			}
		}
		end += size
	}
}

// readRecord reads the record at an offset; size is 0 where none is whole there.
func readRecord(f io.ReaderAt, at, end int64) (kind byte, text, rows []byte, size int64, err error) {
	le := binary.LittleEndian
	var head [8]byte
	if at+8 > end {
		return 0, nil, nil, 0, nil
	}
	if _, err := f.ReadAt(head[:], at); err != nil {
		return 0, nil, nil, 0, err
	}
	n := int64(le.Uint32(head[:]))
	if n < 5 || at+8+n > end {
		return 0, nil, nil, 0, nil
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, at+8); err != nil {
		return 0, nil, nil, 0, err
	}
	textLen := int64(le.Uint32(b[1:]))
	if crc32.Checksum(b, castagnoli) != le.Uint32(head[4:]) || textLen > n-5 {
		return 0, nil, nil, 0, nil
	}
	return b[0], b[5 : 5+textLen], b[5+textLen:], 8 + n, nil
}

func (j *journal) add(kind byte, v any, rows []byte) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if int64(len(text))+int64(len(rows))+5 > 1<<32-1 {
		return errors.New("too many blocks in one file")
	}
	le := binary.LittleEndian
	b := make([]byte, 8, 13+len(text)+len(rows))
	b = le.AppendUint32(append(b, kind), uint32(len(text)))
	b = append(append(b, text...), rows...)
	le.PutUint32(b, uint32(len(b)-8))
	le.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.f.Write(b)
	return err
}

func (j *journal) close() error { return j.f.Close() }
