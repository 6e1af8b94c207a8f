package markdown

import (
	"fmt"
	"strings"

	"ward.dev/ward/internal/report"
)

// code returns s as code, cut if it is long: nothing in it is a mention, a link or markup. What cannot stand in a code
// span of a table becomes an element with every sign of markup as an entity.
func code(s string) string {
	s = report.Short(strings.TrimSpace(report.Clean(s)), longest)
	switch {
	case s == "":
		return ""
	case !strings.ContainsAny(s, "`|"):
		return "`" + s + "`"
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]()#+-.!|~<>&\"'@:=$", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return "<code>" + b.String() + "</code>"
}

// escape takes the meaning from the signs by which Markdown finds its markup. An invisible word joiner, or an entity,
// keeps names from being called, numbers from being linked and addresses from becoming links.
var escape = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	"|", `\|`, "~", `\~`, "$", `\$`, "&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u2060", "#", "#\u2060",
	"://", "&#58;//", "www.", "www&#46;")

// text returns s as prose on one line, cut if it is very long.
func text(s string) string {
	return escape.Replace(report.Short(report.Clean(s), 4*longest))
}
