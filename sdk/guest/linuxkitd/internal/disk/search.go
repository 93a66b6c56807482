package disk

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// findLabel is the block device whose ext2 to ext4 filesystem has a label, or empty. Two of them are one too many.
func (m *machine) findLabel(label string) (string, error) {
	found := ""
	for _, name := range m.names("class/block") {
		if m.sectors(name) == 0 {
			continue
		}
		if ext, ok := m.ext(name); !ok || ext.Label != label {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%s and %s both hold a filesystem with the label %s: detach one of them, or give it another label with e2label", found, name, label)
		}
		found = name
	}
	return found, nil
}

// knownSerial is the serial that a cloud gave a disk of that name, else the name itself.
func (m *machine) knownSerial(name string) string {
	line, _, _ := strings.Cut(read(filepath.Join(m.known, name)), "\n")
	if line = strings.TrimSpace(line); line != "" {
		return line
	}
	return name
}

// findSerial is the disk that has a serial, or empty. `lun:N` is a number that Azure gave it.
func (m *machine) findSerial(serial string) string {
	if number, found := strings.CutPrefix(serial, "lun:"); found {
		return m.findLUN(number)
	}
	found := ""
	for _, name := range m.names("block") {
		for _, file := range []string{"serial", "device/serial"} {
			if fields := strings.Fields(m.word("block", name, file)); len(fields) > 0 && fields[0] == serial {
				found = name
			}
		}
		if hasDeviceID(read(filepath.Join(m.sys, "block", name, "device/vpd_pg83")), serial) {
			found = name
		}
	}
	return found
}

// hasDeviceID reports whether a SCSI disk says in its page 0x83 that it is the named one.
// Compute Engine puts the name of the device there as a designator of text.
// Source: SCSI Primary Commands, "Device Identification VPD page".
func hasDeviceID(page, name string) bool {
	content := []byte(page)
	if len(content) < 4 {
		return false
	}
	for rest := content[4:]; len(rest) >= 4; {
		length := int(rest[3])
		if len(rest) < 4+length {
			return false
		}
		// words within it, for a maker's name may stand before the disk's
		for _, word := range bytes.FieldsFunc(rest[4:4+length], func(c rune) bool { return c <= ' ' || c > '~' }) {
			if string(word) == name {
				return true
			}
		}
		rest = rest[4+length:]
	}
	return false
}

// findLUN is the data disk that an Azure machine has by a number, or empty: behind the controller of data disks,
// or a namespace of the NVMe one, where the machine's own disk is 1 and data disks begin with 2.
func (m *machine) findLUN(number string) string {
	lun, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return ""
	}
	found := ""
	for _, name := range m.names("block") {
		place, _ := filepath.EvalSymlinks(filepath.Join(m.sys, "block", name, "device"))
		if strings.Contains(place, "/f8b3781b-1e82-4818-a1c3-63d806ec15bb/") && strings.HasSuffix(place, fmt.Sprintf(":%d", lun)) {
			found = name
		}
		if strings.HasPrefix(m.word("block", name, "device/model"), "MSFT NVMe Accelerator") && m.word("block", name, "nsid") == strconv.FormatUint(lun+2, 10) {
			found = name
		}
	}
	return found
}
