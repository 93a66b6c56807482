package container

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// devices writes a folder as /sys/class/ptp has it: name and number of each clock.
func devices(t *testing.T, clocks ...[2]string) string {
	t.Helper()
	folder := t.TempDir()
	for index, clock := range clocks {
		own := filepath.Join(folder, "ptp"+string(rune('0'+index)))
		if err := os.Mkdir(own, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"clock_name": clock[0] + "\n", "dev": clock[1] + "\n"} {
			if err := os.WriteFile(filepath.Join(own, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func TestTheClocksOfTheHost(t *testing.T) {
	folder := devices(t, [2]string{"mlx5_ptp", "248:0"}, [2]string{"hyperv", "248:1"}, [2]string{"KVM virtual PTP", "511:2"}, [2]string{"hyperv", "none"})
	want := []clock{{"/dev/ptp_hyperv", "c", 248, 1, 0o400}, {"/dev/ptp_kvm", "c", 511, 2, 0o400}}
	if got := clocksOf(folder); !slices.Equal(got, want) {
		t.Errorf("got %v, wanted %v", got, want)
	}
	if got := clocksOf(filepath.Join(folder, "absent")); got != nil {
		t.Errorf("without the class: got %v", got)
	}
}

func TestOnlyTheAnnotationAsksForClocks(t *testing.T) {
	for config, want := range map[string]bool{
		`{"annotations":{"pulumi-linuxkit.host-clocks":"yes"}}`:  true,
		`{"annotations":{"pulumi-linuxkit.other":"yes"}}`:        false,
		`{"process":{"args":["pulumi-linuxkit.host-clocks=1"]}}`: false,
	} {
		if got := wantsClocks([]byte(config)); got != want {
			t.Errorf("%s: got %v", config, got)
		}
	}
}

func TestAConfigurationWithClocks(t *testing.T) {
	for config, want := range map[string]string{
		`{"hooks":{"x":1.50},"linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":9007199254740993}}}}`: `{"hooks":{"x":1.50},"linux":{"devices":[{"path":"/dev/ptp_kvm","type":"c","major":248,"minor":0,"fileMode":256}],"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":248,"minor":0,"access":"r"}],"pids":{"limit":9007199254740993}}}}`,
		`{"linux":{"devices":[{"path":"/dev/x"}],"resources":{}}}`:                                                                  `{"linux":{"devices":[{"path":"/dev/x"},{"path":"/dev/ptp_kvm","type":"c","major":248,"minor":0,"fileMode":256}],"resources":{"devices":[{"allow":true,"type":"c","major":248,"minor":0,"access":"r"}]}}}`,
	} {
		got, err := withClocks([]byte(config), []clock{{"/dev/ptp_kvm", "c", 248, 0, 0o400}})
		if err != nil || string(got) != want {
			t.Errorf("got %s and %v, wanted %s", got, err, want)
		}
	}
	for _, config := range []string{``, `{}`, `{"linux":{}}`, `{"linux":{"resources":{"devices":1}}}`} {
		if got, err := withClocks([]byte(config), []clock{{}}); err == nil {
			t.Errorf("%q: got %s, wanted an error", config, got)
		}
	}
}
