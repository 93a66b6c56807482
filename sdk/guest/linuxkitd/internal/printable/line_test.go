package printable

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for _, row := range []struct{ name, given, wanted string }{
		{"text stays as it is", "db: not found", "db: not found"},
		{"a line break becomes a space", "one\ntwo\n", "one two"},
		{"terminal sequences lose their control bytes", "\x1b[2Jgone\x07\r", "[2Jgone"},
		{"bytes outside ASCII are left out", "gr\xc3\xbcn", "grn"},
		{"a long text is cut", strings.Repeat("x", 1000), strings.Repeat("x", Longest)},
		{"nothing stays nothing", "", ""},
	} {
		if got := Line(row.given); got != row.wanted {
			t.Errorf("%s: got %q, wanted %q", row.name, got, row.wanted)
		}
	}
}

func TestOnly(t *testing.T) {
	for text, want := range map[string]bool{"": false, "a": true, "Z-9._": true, "a b": false, "ä": false, "a/b": false, "@": false, "a\n": false} {
		if got := Only(text, "._-"); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
