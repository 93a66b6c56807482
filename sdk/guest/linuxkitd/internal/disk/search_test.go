package disk

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindSerial(t *testing.T) {
	page := func(designators ...string) string {
		body := ""
		for _, designator := range designators {
			body += "\x02\x00\x00" + string([]byte{byte(len(designator))}) + designator
		}
		return string(binary.BigEndian.AppendUint16([]byte{0, 0x83}, uint16(len(body)))) + body
	}
	long := strings.Repeat("a", 60)
	c := newComputer(t)
	c.add("vda", 1, "data")
	c.add("vdb", 1, "")
	c.put("sys/devices/vdb/device/serial", "vol0abc             \n")
	c.add("sda", 1, "")
	c.put("sys/devices/sda/device/vpd_pg83", page("naa.1", "Google  PersistentDisk  log"))
	c.add("sdb", 1, "")
	c.put("sys/devices/sdb/device/vpd_pg83", page(long))
	c.add("sdc", 1, "")
	c.put("sys/devices/sdc/device/vpd_pg83", "\x00\x83\x00\x30\x02\x00\x00\x30cut")
	for serial, wanted := range map[string]string{"data": "vda", "vol0abc": "vdb", "log": "sda", long: "sdb", "cut": "", "dat": "", "lo": "", "none": ""} {
		if got := c.findSerial(serial); got != wanted {
			t.Errorf("%s: got %q, wanted %q", serial, got, wanted)
		}
	}
	c.put("disks/db", "vol0abc\n")
	c.put("disks/empty", "")
	for name, wanted := range map[string]string{"db": "vol0abc", "empty": "empty", "data": "data"} {
		if got := c.knownSerial(name); got != wanted {
			t.Errorf("%s: got %q, wanted %q", name, got, wanted)
		}
	}
}

func TestFindLUN(t *testing.T) {
	const data = "LNXSYSTM:00/VMBUS:01/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host1/target1:0:0/1:0:0"
	const own = "LNXSYSTM:00/VMBUS:01/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/target0:0:0/0:0:0"
	type disk struct{ at, nsid, model string }
	scsi := map[string]disk{"sda": {at: own + ":0"}, "sdb": {at: own + ":1"}, "sdc": {at: data + ":0"}, "sdd": {at: data + ":11"}, "sde": {at: data + ":1"}}
	const direct = "MSFT NVMe Accelerator v1.0              "
	nvme := map[string]disk{
		"nvme0n1": {"nvme0", "1", direct}, "nvme0n2": {"nvme0", "2", direct}, "nvme0n3": {"nvme0", "3", direct},
		// the machine's own, which does not last
		"nvme1n2": {"nvme1", "2", "Microsoft NVMe Direct Disk v2"},
	}
	for _, row := range []struct {
		disks       map[string]disk
		told, found string
	}{
		{scsi, "lun:0", "sdc"}, {scsi, "lun:1", "sde"}, {scsi, "lun:11", "sdd"}, {scsi, "lun:2", ""}, {scsi, "lun:", ""}, {scsi, "lun:x", ""}, {scsi, "lun:-1", ""},
		{nvme, "lun:0", "nvme0n2"}, {nvme, "lun:1", "nvme0n3"}, {nvme, "lun:2", ""},
	} {
		c := newComputer(t)
		for name, disk := range row.disks {
			c.put("sys/devices/"+disk.at+"/model", firstOf(disk.model, "Virtual Disk")+"\n")
			c.must(os.MkdirAll(filepath.Join(c.root, "sys/block", name), 0o700))
			c.must(os.Symlink(filepath.Join(c.root, "sys/devices", disk.at), filepath.Join(c.root, "sys/block", name, "device")))
			if disk.nsid != "" {
				c.put("sys/block/"+name+"/nsid", disk.nsid+"\n")
			}
		}
		c.put("disks/data", row.told+"\n")
		if got := c.findSerial(c.knownSerial("data")); got != row.found {
			t.Errorf("%s: got %q, wanted %q", row.told, got, row.found)
		}
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func FuzzDeviceID(f *testing.F) {
	f.Add("\x00\x83\x00\x08\x02\x00\x00\x04data", "data")
	f.Fuzz(func(t *testing.T, page, name string) {
		if hasDeviceID(page, name) && (name == "" || !strings.Contains(page, name)) {
			t.Fatalf("%q is found", name)
		}
	})
}
