//go:build !amd64

package digest

var together = false

func blocks(a, b *[8]uint32, p, q *byte, n int) { panic("unreachable: together is false") }
