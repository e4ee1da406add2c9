package chaintest

// Bitcoin Core's undo data (undo.h, compressor.h), written apart from the reader.

// appendVarint is Core's VARINT: base 128, most significant first, each continuation
// stands for one more than its bits say.
func appendVarint(b []byte, n uint64) []byte {
	var tmp [10]byte
	i := len(tmp) - 1
	tmp[i] = byte(n & 0x7f)
	for n > 0x7f {
		n = n>>7 - 1
		i--
		tmp[i] = byte(n&0x7f) | 0x80
	}
	return append(b, tmp[i:]...)
}

// CompressAmount is Core's: trailing decimal zeros go into an exponent.
func CompressAmount(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	e := uint64(0)
	for n%10 == 0 && e < 9 {
		n /= 10
		e++
	}
	if e < 9 {
		return 1 + (n/10*9+n%10-1)*10 + e
	}
	return 1 + (n-1)*10 + 9
}

// appendScript is Core's ScriptCompression. Uncompressed keys are left as they are: that
// they are points of the curve is for who validates.
func appendScript(b, s []byte) []byte {
	switch {
	case len(s) == 25 && s[0] == 0x76 && s[1] == 0xa9 && s[2] == 20 && s[23] == 0x88 && s[24] == 0xac:
		return append(append(b, 0), s[3:23]...)
	case len(s) == 23 && s[0] == 0xa9 && s[1] == 20 && s[22] == 0x87:
		return append(append(b, 1), s[2:22]...)
	case len(s) == 35 && s[0] == 33 && s[34] == 0xac && s[1]&^1 == 2:
		return append(append(b, s[1]), s[2:34]...)
	}
	return append(appendVarint(b, uint64(len(s))+6), s...)
}

// AppendCoin is one spent output of a transaction's undo data.
func AppendCoin(b []byte, height int64, coinbase bool, value int64, script []byte) []byte {
	code := uint64(height) * 2
	if coinbase {
		code++
	}
	b = appendVarint(b, code)
	if height > 0 {
		b = append(b, 0) // the version of the transaction, once
	}
	return appendScript(appendVarint(b, CompressAmount(uint64(value))), script)
}

// AppendSize is a CompactSize.
func AppendSize(b []byte, n int) []byte { return appendSize(b, n) }
