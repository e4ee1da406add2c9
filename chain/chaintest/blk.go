package chaintest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Shape says how block files are written, for readers to be tested against.
type Shape struct {
	Key        [8]byte // XOR key as Bitcoin Core 28 and later uses; zero is none, and then no xor.dat is written
	PerFile    int     // blocks a file; 0 is all in one
	Shuffle    bool    // out of order, as a node's download leaves them
	ZeroTail   int     // zero bytes after the last block, as preallocation leaves them
	Garbage    int     // garbage bytes between records
	TornTail   int     // bytes cut off the last record of the last file
	SkipHeight []int64 // blocks of the best chain that are left out, to make islands
}

var regtestMagic = [4]byte{0xfa, 0xbf, 0xb5, 0xda}

// WriteBlk writes the chain, stale branches included, as blk00000.dat and on
// into a folder, one after the other in chain order.
func (b *Builder) WriteBlk(dir string) error { return b.WriteShape(dir, Shape{}) }

// WriteShape writes the chain as block files of a given shape.
func (b *Builder) WriteShape(dir string, s Shape) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if s.Key != [8]byte{} {
		if err := os.WriteFile(filepath.Join(dir, "xor.dat"), s.Key[:], 0o644); err != nil {
			return err
		}
	}
	rng := rand.New(rand.NewPCG(1, uint64(len(b.blocks))))
	var all []*block
	for _, bl := range b.blocks {
		skip := false
		for _, h := range s.SkipHeight {
			skip = skip || h == bl.height
		}
		if !skip {
			all = append(all, bl)
		}
	}
	all = append(all, b.stale...)
	if s.Shuffle {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	per := s.PerFile
	if per <= 0 {
		per = max(len(all), 1)
	}
	for n := 0; n*per < len(all); n++ {
		part := all[n*per : min((n+1)*per, len(all))]
		last := (n+1)*per >= len(all)
		var file []byte
		for _, bl := range part {
			for range s.Garbage {
				file = append(file, byte(rng.Uint32()))
			}
			raw := bl.bytes()
			file = append(file, regtestMagic[:]...)
			file = binary.LittleEndian.AppendUint32(file, uint32(len(raw)))
			file = append(file, raw...)
		}
		if last && s.TornTail > 0 {
			file = file[:len(file)-s.TornTail]
		}
		file = append(file, make([]byte, s.ZeroTail)...)
		for i := range file {
			file[i] ^= s.Key[i%8]
		}
		name := filepath.Join(dir, fmt.Sprintf("blk%05d.dat", n))
		if err := os.WriteFile(name, file, 0o644); err != nil {
			return err
		}
	}
	return nil
}
