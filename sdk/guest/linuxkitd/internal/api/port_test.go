package api

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestOnlyTheInterfacesOwnPortsAreServed(t *testing.T) {
	folder := t.TempDir()
	for device, name := range map[string]string{"vport1p1": PortName + "0\n", "vport1p2": PortName + "1\n", "vport2p1": "org.qemu.guest_agent.0\n", "vport3p1": ""} {
		if err := os.Mkdir(filepath.Join(folder, device), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, device, "name"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := findPorts(folder), []string{"/dev/vport1p1", "/dev/vport1p2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}
