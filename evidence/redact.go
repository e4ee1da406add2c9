package evidence

import (
	"bytes"
	"slices"
	"strings"
)

// SecretHeaders are the fields of an HTTP head that hold what lets a reader act
// as the person who was logged in. They leave no workspace.
var SecretHeaders = []string{"Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie"}

// redactedField takes the place of a redacted line, and names its field.
const redactedField = "X-Redacted"

// Redact takes the lines of the named fields, with what is folded under them,
// out of an HTTP head; each leaves a line "X-Redacted: NAME". names are compared
// without case. It returns the fields found, each once, sorted; where there are
// none, head itself.
func Redact(head []byte, names []string) ([]byte, []string) {
	var found []string
	out := make([]byte, 0, len(head))
	dropping, first := false, true
	for line := range bytes.Lines(head) {
		if folded := line[0] == ' ' || line[0] == '\t'; folded && len(bytes.TrimSpace(line)) > 0 && !first {
			if !dropping {
				out = append(out, line...)
			}
			continue
		}
		dropping = false
		name, _, ok := bytes.Cut(line, []byte(":"))
		i := -1
		if ok && !first {
			i = slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, string(bytes.TrimSpace(name))) })
		}
		first = false
		if i < 0 {
			out = append(out, line...)
			continue
		}
		dropping = true
		end := line[len(bytes.TrimRight(line, "\r\n")):]
		out = append(append(append(out, redactedField+": "...), names[i]...), end...)
		found = append(found, names[i])
	}
	if len(found) == 0 {
		return head, nil
	}
	slices.Sort(found)
	return out, slices.Compact(found)
}
