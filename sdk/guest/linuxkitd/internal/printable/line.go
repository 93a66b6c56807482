// Package printable makes text from outside fit to be shown on a console or in a log.
package printable

import "strings"

// Longest is the greatest length of a shown text, in bytes.
const Longest = 400

// Line returns text as one line of printable ASCII, at most Longest bytes long.
// A line break becomes a space; every other byte that is not printable is left out.
func Line(text string) string {
	var line strings.Builder
	for i := 0; i < len(text) && line.Len() < Longest; i++ {
		switch c := text[i]; {
		case c == '\n':
			line.WriteByte(' ')
		case c >= ' ' && c <= '~':
			line.WriteByte(c)
		}
	}
	return strings.TrimRight(line.String(), " ")
}

// Only is whether text is of letters and digits of ASCII and these others alone, one at least.
func Only(text, others string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return text != ""
}
