package pipeline

import (
	"testing"

	"tamga"
	"tamga/extract"
)

func TestKind(t *testing.T) {
	reader, err := extract.New(extract.Options{SecretKey: []byte("a key of the test, 32 bytes long")})
	if err != nil {
		t.Fatal(err)
	}
	p := &Pipeline{Reader: reader}
	for page, want := range map[string]tamga.PageKind{
		`<title>Verify</title><form method=post><img src=/c.png><p>Enter the time shown on the clock<input name=h></form>`:       tamga.PageCaptcha,
		`<title>Please wait</title><meta http-equiv=refresh content=15><p>Your place in line: 381. Do not refresh the page.</p>`: tamga.PageQueue,
		`<title>Demo</title><form><input name=q></form><p>12 invented offers of the vendor DemoChef`:                             tamga.PageOther,
	} {
		if got := p.Kind("http://demo.example/", page); got != want {
			t.Errorf("%s: %s, want %s", page, got, want)
		}
	}
}
