package modules

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestAList(t *testing.T) {
	list := List(strings.NewReader("/lib/modules/virtio-rng.ko virtio:d00000004v*\n\n/lib/modules/veth.ko\n"))
	if len(list) != 2 || list[0].Name() != "virtio_rng" || list[0].Patterns[0] != "virtio:d00000004v*" || list[1].Name() != "veth" {
		t.Errorf("got %v", list)
	}
}

func devices(t *testing.T) *Devices {
	t.Helper()
	root := t.TempDir()
	for number, name := range []string{
		"pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00", "pci:v00008086d000029C0sv0sd0bc06sc00i00", "acpi:PNP0C0C:", "virtio:d00000001v00001AF4",
	} {
		bus, _, _ := strings.Cut(name, ":")
		folder := filepath.Join(root, bus, "devices", string(rune('a'+number)))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "modalias"), []byte(name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &Devices{Root: root}
}

func TestAModuleIsWantedForItsDevices(t *testing.T) {
	for patterns, want := range map[string]bool{
		"":                                     true,
		"pci:v00001AF4d*sv*sd*bc*sc*i*":        true,
		"pci:v00001D0Fd0000EC20sv*sd*bc*sc*i*": false,
		"pci:v00001D0Fd0000EC20sv*sd*bc*sc*i* virtio:d00000001v*": true,
		"virtio:d00000002v*": false,
		"virtio:d0000000":    false,
		"acpi*:PNP0C0C:*":    true,
		"acpi*:VMBUS:*":      false,
		"fs-squashfs":        false,
	} {
		if got := devices(t).Wanted(strings.Fields(patterns)); got != want {
			t.Errorf("%q: got %v", patterns, got)
		}
	}
}

func TestWhatOnlyTheFirewallNeedsWaits(t *testing.T) {
	first, firewall := Part(List(strings.NewReader("/l/libcrc32c.ko\n/l/nfnetlink.ko\n/l/nf_tables.ko\n/l/veth.ko\n/l/evdev.ko\n/l/overlay.ko\n/l/qemu_fw_cfg.ko\n")))
	names := func(list []Module) string {
		var all []string
		for _, module := range list {
			all = append(all, module.Name())
		}
		return strings.Join(all, " ")
	}
	if names(first) != "libcrc32c overlay" || names(firewall) != "nfnetlink nf_tables veth" {
		t.Errorf("got %s; %s", names(first), names(firewall))
	}
}

func TestEachModuleComesAfterThoseBeforeItsDevices(t *testing.T) {
	var mu sync.Mutex
	var order []string
	load := func(_ []byte, path string) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, filepath.Base(path))
		if strings.Contains(path, "refused") {
			return errors.New("no")
		}
		return nil
	}
	loaded := func(name string) bool { return name == "there" }
	read := func(path string) ([]byte, error) {
		if strings.Contains(path, "missing") {
			return nil, os.ErrNotExist
		}
		return nil, nil
	}
	list := List(strings.NewReader("/a.ko\n/b.ko\n/there.ko\n/refused.ko\n/c.ko virtio:d00000001v*\n/other.ko virtio:d00000009v*\n/missing.ko\n"))
	refused := insert(list, devices(t), loaded, read, load)
	if !slices.Equal(refused, []string{"refused.ko", "missing.ko"}) {
		t.Errorf("refused: %v", refused)
	}
	if len(order) != 4 || order[3] != "c.ko" {
		t.Errorf("order: %v", order)
	}
}

func TestNeedsOfSoftDependencies(t *testing.T) {
	if got := before("pre: crc32c-generic other post: late"); !slices.Equal(got, []string{"crc32c-generic", "other"}) {
		t.Errorf("got %v", got)
	}
	if got := Needs([]byte("no module")); got != nil {
		t.Errorf("got %v", got)
	}
}
