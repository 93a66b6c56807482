package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

func TestASharedFileIsLinkedWhereItIsMissing(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for name, text := range map[string]string{"libc": "one", "whole": "of a disk"} {
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := LinkShared([]description.Shared{{File: at("libc"), Names: []string{at("a"), at("whole")}}}); err != nil {
		t.Fatal(err)
	}
	first, _ := os.Stat(at("libc"))
	if second, err := os.Stat(at("a")); err != nil || !os.SameFile(first, second) {
		t.Errorf("got %v and %v", second, err)
	}
	if text, _ := os.ReadFile(at("whole")); string(text) != "of a disk" {
		t.Errorf("got %q", text)
	}
	err := LinkShared([]description.Shared{{File: at("missing"), Names: []string{at("b")}}})
	if err == nil || !strings.Contains(err.Error(), "cannot be linked") {
		t.Errorf("got %v", err)
	}
}
