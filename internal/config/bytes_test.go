package config

import "testing"

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"4GiB": 4 << 30, "512 MiB": 512 << 20, "64KiB": 64 << 10, "7": 7, "7B": 7, "0": 0, "2TiB": 2 << 40, "1536MiB": 1536 << 20,
	} {
		var b, again Bytes
		if err := b.Set(text); err != nil || int64(b) != want {
			t.Errorf("%s = %d, %v", text, b, err)
		}
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%s printed as %s reads as %d, %v", text, b, again, err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "4GB", "1.5GiB", "99999999999TiB", "9223372036854775807KiB", "four"} {
		var b Bytes
		if err := b.Set(text); err == nil {
			t.Errorf("%q is read as %d", text, b)
		}
	}
}
