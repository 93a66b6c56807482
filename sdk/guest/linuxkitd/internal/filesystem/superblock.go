// Package filesystem reads what a block device says of the filesystem that it holds: its kind, label and size.
package filesystem

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"
)

// Ext is what the superblock of an ext2, ext3 or ext4 filesystem says.
type Ext struct {
	Label string
	// Blocks is the count of its blocks, BlockSize their size in bytes.
	Blocks, BlockSize uint64
}

const (
	extStart, extSize  = 1024, 1024
	extMagic           = 0xef53
	extIs64Bit         = 0x80
	extHasChecksum     = 0x400
	extGreatestLogSize = 6
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ReadExt reads the superblock of an ext2, ext3 or ext4 filesystem.
// It reports false for a superblock with a wrong checksum.
// Source: the kernel's "ext4 Data Structures and Algorithms", "Super Block".
func ReadExt(device io.ReaderAt) (Ext, bool) {
	block, ok := read(device, extStart, extSize)
	little := binary.LittleEndian
	if !ok || little.Uint16(block[0x38:]) != extMagic {
		return Ext{}, false
	}
	logSize := little.Uint32(block[0x18:])
	if logSize > extGreatestLogSize {
		return Ext{}, false
	}
	if little.Uint32(block[0x64:])&extHasChecksum != 0 && ^crc32.Checksum(block[:0x3fc], castagnoli) != little.Uint32(block[0x3fc:]) {
		return Ext{}, false
	}
	blocks := uint64(little.Uint32(block[0x04:]))
	if little.Uint32(block[0x60:])&extIs64Bit != 0 {
		blocks |= uint64(little.Uint32(block[0x150:])) << 32
	}
	return Ext{Label: text(block[0x78:0x88]), Blocks: blocks, BlockSize: 1024 << logSize}, true
}

// Label is the label of the filesystem that a device holds: ext2 to ext4, XFS, Btrfs, FAT, EROFS or ISO 9660.
// It is empty where the filesystem has none, or is of another kind.
func Label(device io.ReaderAt) string {
	if ext, ok := ReadExt(device); ok {
		return ext.Label
	}
	for _, kind := range []struct {
		at    int64
		magic string
		// where the label begins and how long it is at most
		label, size int64
	}{
		{0, "XFSB", 108, 12},
		{0x10040, "_BHRfS_M", 0x1012b, 256},
		{1024, "\xe2\xe1\xf5\xe0", 1024 + 64, 16},
		{0x8000, "\x01CD001\x01", 0x8028, 32},
	} {
		if magic, ok := read(device, kind.at, len(kind.magic)); ok && string(magic) == kind.magic {
			label, _ := read(device, kind.label, int(kind.size))
			return text(label)
		}
	}
	return fatLabel(device)
}

// text is a label without its padding, and empty for a label that is not UTF-8.
func text(field []byte) string {
	label, _, _ := bytes.Cut(field, []byte{0})
	if !utf8.Valid(label) {
		return ""
	}
	return strings.TrimRight(string(label), " ")
}

func read(device io.ReaderAt, at int64, size int) ([]byte, bool) {
	content := make([]byte, size)
	n, _ := device.ReadAt(content, at)
	return content, n == size
}
