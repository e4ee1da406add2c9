package corpus

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestMessages(t *testing.T) {
	po := "msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain\\n\"\n\n" +
		"#, fuzzy\nmsgid \"a\"\nmsgstr \"unsure\"\n\n" +
		"msgid \"%(n)d <b>day</b>\"\nmsgid_plural \"days\"\nmsgstr[0] \"\"\n\"%(n)d \"\n\"күн\\n\"\nmsgstr[1] \"күндөр\"\n"
	if got := messages(po, false); !slices.Equal(got, []string{"  күн ", "күндөр"}) {
		t.Errorf("%q", got)
	}
	if got := messages(po, true); !slices.Equal(got, []string{"   day ", "days"}) {
		t.Errorf("%q", got)
	}
}

func TestParagraphs(t *testing.T) {
	got := paragraphs("<h1>Title</h1><p>One &amp; <b>two</b></p>\n<h2>x</h2><p>three\nfour</p>")
	if !slices.Equal(got, []string{"Title", "One &  two ", "three\nfour"}) {
		t.Errorf("%q", got)
	}
}

func TestAnotherArchiveIsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{udhrFile, djangoFile} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(dir); err == nil {
		t.Error("no error")
	}
}
