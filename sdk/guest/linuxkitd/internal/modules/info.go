package modules

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Needs are the modules that the file of a module names: what it depends on, and what is to be there before it. The latter
// may be an alias: libcrc32c asks for crc32c, which is what crc32c_generic gives.
func Needs(file io.ReaderAt) (needs, aliases []string) {
	info, err := readInfo(file)
	if err != nil {
		return nil, nil
	}
	for entry := range strings.SplitSeq(string(info), "\x00") {
		if names, found := strings.CutPrefix(entry, "depends="); found {
			needs = append(needs, strings.FieldsFunc(names, func(letter rune) bool { return letter == ',' })...)
		} else if rest, found := strings.CutPrefix(entry, "softdep="); found {
			aliases = append(aliases, before(rest)...)
		}
	}
	for _, names := range [][]string{needs, aliases} {
		for at, name := range names {
			names[at] = strings.ReplaceAll(name, "-", "_")
		}
	}
	return needs, aliases
}

const (
	// sizes of the headers of a 64-bit ELF file (gABI, chapter 4)
	fileHeader, sectionHeader = 64, 64
	// more than any module has
	mostSections, mostInfo = 4096, 1 << 20
)

var errNoInfo = errors.New("no section .modinfo")

// readInfo reads the section .modinfo and no more of the file: debug/elf brings three formats of compression along.
func readInfo(file io.ReaderAt) ([]byte, error) {
	header := make([]byte, fileHeader)
	if _, err := file.ReadAt(header, 0); err != nil {
		return nil, err
	}
	// ELFCLASS64
	if string(header[:4]) != "\x7fELF" || header[4] != 2 {
		return nil, errNoInfo
	}
	var order binary.ByteOrder = binary.LittleEndian
	// ELFDATA2MSB
	if header[5] == 2 {
		order = binary.BigEndian
	}
	table, size, count, names := order.Uint64(header[40:]), order.Uint16(header[58:]), order.Uint16(header[60:]), order.Uint16(header[62:])
	if size != sectionHeader || count > mostSections || names >= count || table > mostModule {
		return nil, errNoInfo
	}
	sections := make([]byte, int(count)*sectionHeader)
	if _, err := file.ReadAt(sections, int64(table)); err != nil {
		return nil, err
	}
	section := func(at int) []byte { return sections[at*sectionHeader : (at+1)*sectionHeader] }
	content := func(header []byte) ([]byte, error) {
		from, length := order.Uint64(header[24:]), order.Uint64(header[32:])
		if from > mostModule || length > mostInfo {
			return nil, errNoInfo
		}
		bytes := make([]byte, length)
		_, err := file.ReadAt(bytes, int64(from))
		return bytes, err
	}
	words, err := content(section(int(names)))
	if err != nil {
		return nil, err
	}
	for at := range int(count) {
		name := uint64(order.Uint32(section(at)))
		if name < uint64(len(words)) && bytes.HasPrefix(words[name:], []byte(".modinfo\x00")) {
			return content(section(at))
		}
	}
	return nil, errNoInfo
}

// before are the words after "pre:" of a soft dependency.
func before(text string) []string {
	var names []string
	counts := false
	for word := range strings.FieldsSeq(text) {
		switch word {
		case "pre:":
			counts = true
		case "post:":
			counts = false
		default:
			if counts {
				names = append(names, word)
			}
		}
	}
	return names
}
