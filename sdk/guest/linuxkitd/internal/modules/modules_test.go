package modules

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAList(t *testing.T) {
	list := List(strings.NewReader("/lib/modules/virtio-rng.ko virtio:d00000004v*\n\n/lib/modules/veth.ko\n"))
	if len(list) != 2 || list[0].Name() != "virtio_rng" || list[0].Patterns[0] != "virtio:d00000004v*" || list[1].Name() != "veth" {
		t.Errorf("got %v", list)
	}
}

func devices(t *testing.T) *Devices {
	t.Helper()
	sys := t.TempDir()
	root := filepath.Join(sys, "bus")
	if err := os.MkdirAll(filepath.Join(sys, "devices/system/cpu"), 0o755); err != nil {
		t.Fatal(err)
	}
	processor := "cpu:type:x86,ven0002fam000Fmod006B:feature:,0000,0001,0089,0093\n"
	if err := os.WriteFile(filepath.Join(sys, "devices/system/cpu/modalias"), []byte(processor), 0o644); err != nil {
		t.Fatal(err)
	}
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
		"cpu:type:x86,ven*fam*mod*:feature:*0089*":                                          true,
		"cpu:type:x86,ven*fam*mod*:feature:*0125*":                                          false,
		"cpu:type:x86,ven*fam*mod*:feature:*0125* cpu:type:x86,ven*fam*mod*:feature:*0093*": true,
	} {
		if got := devices(t).Wanted(strings.Fields(patterns)); got != want {
			t.Errorf("%q: got %v", patterns, got)
		}
	}
}

func TestWhatOnlyTheFirewallNeedsWaits(t *testing.T) {
	list := List(strings.NewReader("/l/libcrc32c.ko\n/l/nfnetlink.ko\n/l/nf_tables.ko\n/l/veth.ko\n/l/nf_conncount.ko\n/l/nft_connlimit.ko\n" +
		"/l/evdev.ko\n/l/overlay.ko\n/l/x_tables.ko\n/l/xt_nat.ko\n/l/act_ct.ko\n/l/qemu_fw_cfg.ko\n/l/virtio-rng.ko virtio:d00000004v*\n"))
	needs := func(module Module) []string {
		return map[string][]string{"nf_tables": {"nfnetlink", "libcrc32c"}, "xt_nat": {"nf_tables", "x_tables"}, "act_ct": {"xt_nat"}}[module.Name()]
	}
	names := func(list []Module) string {
		var all []string
		for _, module := range list {
			all = append(all, module.Name())
		}
		return strings.Join(all, " ")
	}
	for _, row := range []struct {
		wants                    Wants
		first, firewall, waiting string
	}{
		{Wants{Overlays: true, Firewall: true}, "libcrc32c overlay x_tables", "nfnetlink nf_tables veth xt_nat act_ct", "virtio_rng"},
		{Wants{Random: true, Firewall: true}, "libcrc32c x_tables virtio_rng", "nfnetlink nf_tables veth xt_nat act_ct", ""},
		{Wants{Random: true}, "libcrc32c nfnetlink nf_tables veth x_tables xt_nat act_ct virtio_rng", "", ""},
	} {
		first, firewall, waiting := Part(list, row.wants, needs)
		if names(first) != row.first || names(firewall) != row.firewall || names(waiting) != row.waiting {
			t.Errorf("%+v: got %s; %s; %s", row.wants, names(first), names(firewall), names(waiting))
		}
	}
}

func TestOnlyFilesOfTheListAreRemoved(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.ko", "b.ko", "other"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	list := List(strings.NewReader(Folder + "/a.ko pci:*\n/elsewhere/b.ko\n" + Folder + "/below/other\n" + Folder + "/missing.ko\n"))
	if err := forget(int(open.Fd()), list); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(left) != 2 || filepath.Base(left[0]) != "b.ko" {
		t.Errorf("got %v", left)
	}
}

func TestEachModuleComesAfterThoseBeforeItsDevices(t *testing.T) {
	var mu sync.Mutex
	var order []string
	load := func(file *os.File) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, filepath.Base(file.Name()))
		if strings.Contains(file.Name(), "refused") {
			return errors.New("no")
		}
		return nil
	}
	loaded := func(name string) bool { return name == "there" }
	folder := t.TempDir()
	for _, name := range []string{"a", "b", "there", "refused", "c", "other"} {
		if err := os.WriteFile(filepath.Join(folder, name+".ko"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open := func(path string) (*os.File, error) { return os.Open(filepath.Join(folder, path)) }
	list := List(strings.NewReader("/a.ko\n/b.ko\n/there.ko\n/refused.ko\n/c.ko virtio:d00000001v*\n/other.ko virtio:d00000009v*\n/missing.ko\n"))
	refused := insert(list, devices(t), loaded, open, load)
	if !slices.Equal(refused, []string{"refused.ko", "missing.ko"}) {
		t.Errorf("refused: %v", refused)
	}
	if len(order) != 4 || order[3] != "c.ko" {
		t.Errorf("order: %v", order)
	}
}

// A module waits for what it asks for by an alias too: libcrc32c is refused where crc32c_generic is not there yet, and with it
// every module of the firewall.
func TestAModuleWaitsForTheModuleBehindAnAlias(t *testing.T) {
	folder := t.TempDir()
	for name, info := range map[string]string{
		"crc32c_generic": "alias=crc32c\x00", "libcrc32c": "softdep=pre: crc32c\x00", "nf_tables": "depends=libcrc32c\x00",
		"veth": "depends=\x00", "named": "softdep=pre: veth\x00",
	} {
		if err := os.WriteFile(filepath.Join(folder, name+".ko"), module(binary.BigEndian, 2, info), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	there := map[string]bool{}
	wants := map[string]string{"libcrc32c.ko": "crc32c_generic.ko", "nf_tables.ko": "libcrc32c.ko", "named.ko": "veth.ko"}
	load := func(file *os.File) error {
		name := filepath.Base(file.Name())
		if name == "crc32c_generic.ko" || name == "veth.ko" {
			time.Sleep(50 * time.Millisecond)
		}
		mu.Lock()
		defer mu.Unlock()
		if wanted := wants[name]; wanted != "" && !there[wanted] {
			return errors.New("no")
		}
		there[name] = true
		return nil
	}
	open := func(path string) (*os.File, error) { return os.Open(filepath.Join(folder, path)) }
	list := List(strings.NewReader("/veth.ko\n/crc32c_generic.ko\n/libcrc32c.ko\n/nf_tables.ko\n/named.ko\n"))
	if refused := insert(list, devices(t), func(string) bool { return false }, open, load); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}

func TestNeedsOfSoftDependencies(t *testing.T) {
	if got := before("pre: crc32c-generic other post: late"); !slices.Equal(got, []string{"crc32c-generic", "other"}) {
		t.Errorf("got %v", got)
	}
	if needs, aliases := Needs(strings.NewReader("no module")); needs != nil || aliases != nil {
		t.Errorf("got %v, %v", needs, aliases)
	}
}

// module is an ELF file of this order with nothing but .modinfo and the names of sections.
func module(order binary.AppendByteOrder, data byte, info string) []byte {
	names := "\x00.shstrtab\x00.modinfo\x00"
	file := append([]byte("\x7fELF\x02"), data)
	file = append(file, make([]byte, 64-len(file))...)
	content := []byte(names + info)
	var table []byte
	section := func(name uint32, from, length int) {
		entry := order.AppendUint32(nil, name)
		entry = append(entry, make([]byte, 20)...)
		entry = order.AppendUint64(order.AppendUint64(entry, uint64(from)), uint64(length))
		table = append(append(table, entry...), make([]byte, 64-len(entry))...)
	}
	section(0, 0, 0)
	section(1, 64, len(names))
	section(11, 64+len(names), len(info))
	copy(file[40:], order.AppendUint64(nil, uint64(64+len(content))))
	copy(file[58:], order.AppendUint16(order.AppendUint16(order.AppendUint16(nil, 64), 3), 1))
	return append(append(file, content...), table...)
}

func TestNeedsOfAFile(t *testing.T) {
	info := "license=GPL\x00depends=virtio,virtio-ring\x00softdep=pre: crc32c post: other\x00name=x\x00"
	want := []string{"virtio", "virtio_ring"}
	for _, file := range [][]byte{module(binary.LittleEndian, 1, info), module(binary.BigEndian, 2, info)} {
		if needs, aliases := Needs(bytes.NewReader(file)); !slices.Equal(needs, want) || !slices.Equal(aliases, []string{"crc32c"}) {
			t.Errorf("got %v, %v, wanted %v", needs, aliases, want)
		}
		// cut or changed anywhere, it gives what it gives, and never fails
		for at := range file {
			Needs(bytes.NewReader(file[:at]))
			changed := bytes.Clone(file)
			changed[at] ^= 0xff
			Needs(bytes.NewReader(changed))
		}
	}
}
