package firewall

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/nftables/expr"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

func TestEachServiceHasAShareOfTheConnections(t *testing.T) {
	for name, row := range map[string]struct {
		most     string
		networks int
		share    uint32
		left     string
		fails    bool
	}{
		"a small machine":          {"8192\n", 3, 4096, "28672", false},
		"a large machine":          {"262144\n", 3, 37449, "262144\n", false},
		"no service":               {"8192\n", 0, 8192, "8192\n", false},
		"no number":                {"many\n", 1, 0, "many\n", true},
		"more than the kernel has": {"99999999999\n", 1, 0, "99999999999\n", true},
	} {
		mostConnections = filepath.Join(t.TempDir(), "most")
		if err := os.WriteFile(mostConnections, []byte(row.most), 0o644); err != nil {
			t.Fatal(err)
		}
		share, err := enlarge(row.networks)
		if (err != nil) != row.fails || share != row.share {
			t.Errorf("%s: got %d and %v", name, share, err)
		}
		if left, _ := os.ReadFile(mostConnections); string(left) != row.left {
			t.Errorf("%s: the limit is %q", name, left)
		}
	}
}

func TestWhatAServiceOpensAndWhatComesToItsPortsAreCountedApart(t *testing.T) {
	rules := boundRules([]description.Network{link(0), link(1)}, 4096)
	if len(rules) != 5 {
		t.Fatalf("got %d rules", len(rules))
	}
	for _, rule := range rules[1:] {
		var counts []*expr.Connlimit
		for _, part := range rule {
			if count, ok := part.(*expr.Connlimit); ok {
				counts = append(counts, count)
			}
		}
		if len(counts) != 1 || *counts[0] != (expr.Connlimit{Count: 4096, Flags: moreThan}) {
			t.Errorf("got %v", counts)
		}
	}
}
