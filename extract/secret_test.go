package extract

import "testing"

func TestKeyed(t *testing.T) {
	one, _ := New(Options{SecretKey: []byte("one")})
	same, _ := New(Options{SecretKey: []byte("one")})
	other, _ := New(Options{SecretKey: []byte("other")})
	drawn, _ := New(Options{})
	again, _ := New(Options{})
	// RFC 2104 over SHA-256, as openssl computes it.
	if got := one.keyed("secret"); got != "hmac-sha256:cc0e6f7f16fe1f720b0ef9b06b52fadec6e2b21ab341922047678379132ca924" || got != same.keyed("secret") {
		t.Errorf("%s", got)
	}
	if one.keyed("x") == other.keyed("x") || drawn.keyed("x") == again.keyed("x") || one.keyed("x") == one.keyed("y") {
		t.Error("equal values of unequal secrets or keys")
	}
}
