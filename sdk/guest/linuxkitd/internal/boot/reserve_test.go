package boot

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheFirstZoneKeepsNothing(t *testing.T) {
	for _, row := range []struct{ name, before, want string }{
		{"a PC", "256\t256\t32\t0\t0\n", "0 256 32 0 0"},
		{"ratios that somebody chose", "9\t8\t7\t0\t0\n", "0 8 7 0 0"},
		{"a kernel without a zone for ISA", "32\t0\n", "32\t0\n"},
		{"an empty file", "", ""},
	} {
		parametersFolder = t.TempDir()
		file := filepath.Join(parametersFolder, reserveRatios)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(row.before), 0o644); err != nil {
			t.Fatal(err)
		}
		useFirstZone()
		if got, err := os.ReadFile(file); err != nil || string(got) != row.want {
			t.Errorf("%s: got %q and %v", row.name, got, err)
		}
	}
	parametersFolder = t.TempDir()
	useFirstZone()
	if _, err := os.Stat(filepath.Join(parametersFolder, reserveRatios)); err == nil {
		t.Error("a kernel without it: the file was made")
	}
}
