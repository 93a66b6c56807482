package chrony

import (
	"io"
	"os"
	"path"
	"strings"
)

// longest is more than any string of SMBIOS, in bytes.
const longest = 4096

// cloudOf is the cloud that the firmware names, "" for an unknown one.
//
// Source: systemd, src/basic/virt.c, dmi_vendor_table (Amazon EC2, Google Compute Engine); on EC2's Xen the kernel's log has "Xen
// HVM domU, BIOS 4.11.amazon"; cloud-init, cloudinit/sources/azure/identity.py, ChassisAssetTag, by which Azure differs from
// any other Hyper-V.
func cloudOf(folder string) string {
	named := func(name string) string { return read(path.Join(folder, name)) }
	switch {
	case named("sys_vendor") == "Amazon EC2", strings.HasSuffix(named("bios_version"), ".amazon"):
		return aws
	case named("product_name") == "Google Compute Engine":
		return gcp
	case named("chassis_asset_tag") == "7783-7084-3265-9085-8269-3286-77":
		return azure
	}
	return ""
}

func read(name string) string {
	file, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longest))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
