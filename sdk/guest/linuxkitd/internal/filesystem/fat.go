package filesystem

import (
	"encoding/binary"
	"io"
	"strings"
)

const (
	fatEntry       = 32
	fatVolumeLabel = 0x08
	fatLongName    = 0x0f
	// fatRootLimit is how much of a root directory is looked through.
	fatRootLimit = 64 << 10
)

// fatLabel is the label of a FAT filesystem: the root directory's entry for it, or else that of the boot sector.
// Source: Microsoft, "FAT: General Overview of On-Disk Format".
func fatLabel(device io.ReaderAt) string {
	boot, ok := read(device, 0, 512)
	if !ok || boot[510] != 0x55 || boot[511] != 0xaa {
		return ""
	}
	little := binary.LittleEndian
	sector, cluster := int64(little.Uint16(boot[11:])), int64(boot[13])
	reserved, tables := int64(little.Uint16(boot[14:])), int64(boot[16])
	entries, size := int64(little.Uint16(boot[17:])), int64(little.Uint16(boot[22:]))
	isPower := func(n int64) bool { return n > 0 && n&(n-1) == 0 }
	if !isPower(sector) || sector < 512 || sector > 4096 || !isPower(cluster) || reserved == 0 || tables == 0 {
		return ""
	}
	field := boot[0x2b:0x36]
	kind := string(boot[0x36:0x3e])
	length := entries * fatEntry
	first := (reserved + tables*size) * sector
	if entries == 0 {
		// FAT32: the root directory is a chain of clusters like a file, and its label is in the first
		size = int64(little.Uint32(boot[36:]))
		field, kind = boot[0x47:0x52], string(boot[0x52:0x5a])
		length = cluster * sector
		first = (reserved+tables*size)*sector + (int64(little.Uint32(boot[44:]))-2)*length
	}
	if !strings.HasPrefix(kind, "FAT") || first <= 0 {
		return ""
	}
	root, _ := read(device, first, int(min(length, fatRootLimit)))
	for at := 0; at+fatEntry <= len(root) && root[at] != 0; at += fatEntry {
		entry := root[at : at+fatEntry]
		if attributes := entry[11]; entry[0] != 0xe5 && attributes&fatVolumeLabel != 0 && attributes != fatLongName {
			return text(entry[:11])
		}
	}
	if label := text(field); label != "NO NAME" {
		return label
	}
	return ""
}
