package chrony

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheFirmwareNamesTheCloud(t *testing.T) {
	for name, row := range map[string]struct {
		strings map[string]string
		cloud   string
	}{
		"Nitro":             {map[string]string{"sys_vendor": "Amazon EC2\n", "bios_version": "1.0\n"}, "aws"},
		"EC2 on Xen":        {map[string]string{"sys_vendor": "Xen\n", "product_name": "HVM domU\n", "bios_version": "4.11.amazon\n"}, "aws"},
		"Compute Engine":    {map[string]string{"sys_vendor": "Google\n", "product_name": "Google Compute Engine\n"}, "gcp"},
		"Azure":             {map[string]string{"sys_vendor": "Microsoft Corporation\n", "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77\n"}, "azure"},
		"other Hyper-V":     {map[string]string{"sys_vendor": "Microsoft Corporation\n", "chassis_asset_tag": "0000-0000\n"}, ""},
		"other Xen":         {map[string]string{"sys_vendor": "Xen\n", "bios_version": "4.11\n"}, ""},
		"a Chromebook":      {map[string]string{"sys_vendor": "Google\n", "product_name": "Eve\n"}, ""},
		"QEMU":              {map[string]string{"sys_vendor": "QEMU\n"}, ""},
		"without SMBIOS":    {nil, ""},
		"a string too long": {map[string]string{"bios_version": strings.Repeat("x", longest) + ".amazon"}, ""},
	} {
		folder := t.TempDir()
		for file, text := range row.strings {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if cloud := cloudOf(folder); cloud != row.cloud {
			t.Errorf("%s: got %q, wanted %q", name, cloud, row.cloud)
		}
	}
}

func TestTheMachinesOwnSourcesComeFirst(t *testing.T) {
	const (
		amazon = "server 169.254.169.123 prefer trust iburst minpoll 4 maxpoll 4"
		google = "server metadata.google.internal prefer trust iburst"
		hyperv = "refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2 prefer trust"
		kvm    = "refclock PHC /dev/ptp_kvm poll 3 dpoll -2 offset 0 stratum 2 prefer trust"
	)
	for _, row := range []struct {
		cloud   string
		devices []string
		lines   []string
	}{
		{"aws", nil, []string{amazon}},
		{"gcp", nil, []string{google}},
		{"gcp", []string{"/dev/ptp_kvm"}, []string{kvm, google}},
		{"azure", []string{"/dev/ptp_hyperv"}, []string{hyperv}},
		{"azure", nil, nil},
		{"", []string{"/dev/ptp_kvm"}, []string{kvm}},
		{"", []string{"/dev/ptp0"}, nil},
	} {
		lines := sourcesOf(row.cloud, func(path string) bool { return slices.Contains(row.devices, path) })
		if !slices.Equal(lines, row.lines) {
			t.Errorf("%q with %q: got %q, wanted %q", row.cloud, row.devices, lines, row.lines)
		}
	}
}

func TestTheLogNamesTheSources(t *testing.T) {
	for _, row := range []struct {
		cloud string
		lines []string
		log   string
	}{
		{"aws", []string{"server a"}, "chrony: on aws: server a\n"},
		{"", []string{"refclock b", "server c"}, "chrony: on no known cloud: refclock b; server c\n"},
		{"azure", nil, "chrony: on azure: no source of its own\n"},
	} {
		var log bytes.Buffer
		if report(&log, row.cloud, row.lines); log.String() != row.log {
			t.Errorf("got %q, wanted %q", log.String(), row.log)
		}
	}
}

func TestRunRefusesAnUnknownCloud(t *testing.T) {
	for _, args := range [][]string{nil, {"oracle"}, {""}, {"aws", "gcp"}} {
		if err := Run(t.Context(), args); err == nil || !strings.Contains(err.Error(), "wanted auto, aws, gcp or azure") {
			t.Errorf("%q: got %v", args, err)
		}
	}
}
