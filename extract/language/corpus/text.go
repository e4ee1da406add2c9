package corpus

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

var (
	paragraph   = regexp.MustCompile(`(?s)<(?:p|h1)>(.*?)</(?:p|h1)>`)
	tag         = regexp.MustCompile(`<[^>]*>`)
	placeholder = regexp.MustCompile(`%\([^)]*\)[a-z]|%[a-z]|\{[^}]*\}|</?[a-zA-Z][^>]*>|&[a-z]+;`)
)

// paragraphs are those of a page of the declaration.
func paragraphs(page string) (out []string) {
	for _, m := range paragraph.FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(tag.ReplaceAllString(m[1], " ")))
	}
	return out
}

// messages are the translations in a gettext catalogue, or with source its
// messages themselves. Header and fuzzy entries are left out.
func messages(po string, source bool) (out []string) {
	want := "msgstr"
	if source {
		want = "msgid"
	}
	for _, entry := range strings.Split(po, "\n\n") {
		if strings.Contains(entry, "#, fuzzy") || strings.Contains(entry, "Content-Type:") {
			continue
		}
		var text strings.Builder
		in := false
		flush := func() {
			if s := strings.ReplaceAll(text.String(), "\n", " "); s != "" {
				out = append(out, placeholder.ReplaceAllString(s, " "))
			}
			text.Reset()
		}
		for _, line := range strings.Split(entry, "\n") {
			quoted := line
			if !strings.HasPrefix(line, `"`) {
				flush()
				word, rest, _ := strings.Cut(line, " ")
				in, quoted = strings.HasPrefix(word, want), rest
			}
			if s, err := strconv.Unquote(quoted); in && err == nil {
				text.WriteString(s)
			}
		}
		flush()
	}
	return out
}
