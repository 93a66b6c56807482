package kubernetes

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMachineFindsItsAddressByItsName(t *testing.T) {
	hosts := []byte("# the network\n\n10.77.0.11\tcontrol-1\nfd00::1\tworker-1\nnone worker-1\n10.77.0.21\tworker-1\n10.77.0.22\tworker-10 worker-2\n")
	for name, want := range map[string]string{"control-1": "10.77.0.11", "worker-1": "10.77.0.21", "worker-10": "10.77.0.22"} {
		if got, err := addressOf(name, hosts); err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v, wanted %s", name, got, err, want)
		}
	}
	for _, name := range []string{"worker", "worker-2", "", "network"} {
		if got, err := addressOf(name, hosts); err == nil || !strings.Contains(err.Error(), "give the machine a network and a host name") {
			t.Errorf("%q: got %v, %v", name, got, err)
		}
	}
}

func TestTheNetworkOfPodsHas16Bits(t *testing.T) {
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"10.244.0.0/16"}, "10.244.0.0/16"},
		{[]string{"10.244.9.1/16"}, "10.244.0.0/16"},
		{[]string{"10.244.0.0/24"}, ""},
		{[]string{"fd00::/16"}, ""},
		{[]string{"10.244.0.0"}, ""},
		{[]string{"10.244.0.0/16", "more"}, ""},
		{nil, ""},
	} {
		got, err := podsNetwork(row.args)
		if (err == nil) != (row.want != "") || (err == nil && got.String() != row.want) {
			t.Errorf("%q: got %v, %v, wanted %q", row.args, got, err, row.want)
		}
	}
}

func TestPodsTakeTheLastPartOfTheNodesAddress(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	if err := os.WriteFile(from, []byte(`{"subnet": "SUBNET"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	pods := podsOf(netip.MustParsePrefix("10.244.0.0/16"), netip.MustParseAddr("10.77.0.21"))
	if err := writeNetwork(from, to, pods); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(to); string(text) != `{"subnet": "10.244.21.0/24"}` {
		t.Errorf("got %s", text)
	}
}

func TestKeysThatKubeletRenewedGoWithTheKeyThatItWasGiven(t *testing.T) {
	folder := t.TempDir()
	given, renewed := filepath.Join(folder, "kube.conf"), filepath.Join(folder, "pki", "current.pem")
	for index, row := range []struct {
		given string
		stays bool
	}{{"one", false}, {"one", true}, {"another", false}, {"another", true}} {
		if err := os.MkdirAll(filepath.Dir(renewed), 0o755); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{given: row.given, renewed: "key"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := forgetOldKeys(given, folder); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(renewed); (err == nil) != row.stays {
			t.Errorf("start %d with %q: got %v", index, row.given, err)
		}
	}
	if err := forgetOldKeys(filepath.Join(folder, "none"), folder); err == nil {
		t.Error("a node without its key starts")
	}
}
