package category

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// The file: magic, then zstd of: group names (count byte, then length byte and
// name), scale (float64), biases (int32 a group), number of features (uint32),
// the hashes ascending (uint32), the weights by group, each a row of int8. All
// little-endian.
const magic = "tamga category 1\n"

// maxModel is the most that a file may unpack to, in bytes.
const maxModel = 64 << 20

// Encode writes the model; Decode reads it back equal.
func (m *Model) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte(byte(len(m.Groups)))
	for _, g := range m.Groups {
		b.WriteByte(byte(len(g)))
		b.WriteString(g)
	}
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer does not fail
	put(math.Float64bits(m.scale))
	put(m.bias)
	ids := make([]uint32, 0, len(m.table))
	for id := range m.table {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	put(uint32(len(ids)))
	put(ids)
	for g := range m.Groups {
		for _, id := range ids {
			b.WriteByte(byte(m.rows[int(m.table[id])*len(m.Groups)+g]))
		}
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(b.Bytes(), []byte(magic)), nil
}

// Decode reads a model. The error says what is wrong with the file.
func Decode(file []byte) (*Model, error) {
	packed, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return nil, errors.New("category model: not a model of this version")
	}
	d, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderMaxMemory(maxModel), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("category model: %w", err)
	}
	defer d.Close()
	all, err := io.ReadAll(io.LimitReader(d, maxModel))
	if err != nil {
		return nil, fmt.Errorf("category model: %w", err)
	}
	m := &Model{}
	r := bytes.NewReader(all)
	n, _ := r.ReadByte()
	for range n {
		k, _ := r.ReadByte()
		name := make([]byte, k)
		if _, err := io.ReadFull(r, name); err != nil {
			return nil, fmt.Errorf("category model: groups: %w", err)
		}
		m.Groups = append(m.Groups, string(name))
	}
	var scale uint64
	var count uint32
	m.bias = make([]int32, n)
	for _, v := range []any{&scale, m.bias, &count} {
		if err := binary.Read(r, binary.LittleEndian, v); err != nil {
			return nil, fmt.Errorf("category model: head: %w", err)
		}
	}
	if want := int64(count) * (4 + int64(n)); int64(r.Len()) != want {
		return nil, fmt.Errorf("category model: %d bytes of features, want %d", r.Len(), want)
	}
	m.scale = math.Float64frombits(scale)
	ids := make([]uint32, count)
	_ = binary.Read(r, binary.LittleEndian, ids) // the length is checked
	m.table = make(map[uint32]int32, count)
	for i, id := range ids {
		m.table[id] = int32(i)
	}
	m.rows = make([]int8, int(count)*int(n))
	columns := all[len(all)-len(m.rows):]
	for i := range m.rows {
		m.rows[i] = int8(columns[i%int(n)*int(count)+i/int(n)])
	}
	return m, nil
}
