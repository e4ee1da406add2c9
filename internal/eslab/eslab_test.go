package eslab

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// The server starts, answers as the lab plugin says it should, and is gone after
// Close with everything it wrote.
func TestStart(t *testing.T) {
	s, err := Start(t.Context(), "")
	if errors.Is(err, ErrNotInstalled) {
		t.Skip("not run: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for analyzer, want := range map[string][2]string{
		"russian": {"Продам кристаллы оптом", "прод кристалл опт"},
		"english": {"the opened crystals", "open crystal"},
	} {
		body, _ := json.Marshal(map[string]string{"analyzer": analyzer, "text": want[0]})
		res, err := http.Post(s.URL+"/_analyze", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		var got struct{ Tokens []struct{ Token string } }
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		var terms []string
		for _, x := range got.Tokens {
			terms = append(terms, x.Token)
		}
		if strings.Join(terms, " ") != want[1] {
			t.Errorf("%s: %v, want %s (%.300s)", analyzer, terms, want[1], b)
		}
	}
	dir := s.dir
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(s.URL); err == nil {
		t.Error("it still answers after Close")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is still there", dir)
	}
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("TAMGA_ES_HOME", t.TempDir())
	if _, err := Start(t.Context(), ""); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("%v, want ErrNotInstalled", err)
	}
}
