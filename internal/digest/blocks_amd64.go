package digest

// together says whether the processor has the instructions of blocks.
var together = supported()

func supported() bool {
	const (
		ssse3, sse41, osxsave, avx = 1 << 9, 1 << 19, 1 << 27, 1 << 28 // of leaf 1, in ECX
		sha                        = 1 << 29                           // of leaf 7, in EBX
		saved                      = 1<<1 | 1<<2                       // XMM and YMM registers, by the system
	)
	last, _, _ := cpuid(0, 0)
	if last < 7 {
		return false
	}
	_, _, c := cpuid(1, 0)
	_, b, _ := cpuid(7, 0)
	const need = ssse3 | sse41 | osxsave | avx
	return c&need == need && b&sha != 0 && xgetbv()&saved == saved
}

// blocks takes n blocks of 64 bytes from p into a and as many from q into b
// (FIPS 180-4, with the SHA extensions of x86).
//
//go:noescape
func blocks(a, b *[8]uint32, p, q *byte, n int)

// cpuid is the instruction: EAX, EBX and ECX of a leaf.
func cpuid(leaf, sub uint32) (a, b, c uint32)

// xgetbv is the low half of extended control register 0.
func xgetbv() uint32
