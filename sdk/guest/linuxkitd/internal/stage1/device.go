package stage1

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// device is a block device, and what its first blocks say.
type device struct {
	path string
	// kind of filesystem, "" for none that is known here
	kind  string
	id    string
	uuid  string
	label string
}

// identify reads what a device holds off its first blocks.
func identify(path string) device {
	found := device{path: path}
	file, err := os.Open(path)
	if err != nil {
		return found
	}
	defer file.Close()
	head := make([]byte, 2048)
	if _, err := io.ReadFull(file, head); err != nil && err != io.ErrUnexpectedEOF {
		return found
	}
	switch {
	case string(head[:4]) == "hsqs":
		// squashfs has no name; the build puts a number in the place of the time at which it was made
		found.kind, found.id = "squashfs", hex.EncodeToString(head[8:12])
	case hex.EncodeToString(head[1024:1028]) == "e2e1f5e0":
		found.kind, found.id, found.uuid = "erofs", hex.EncodeToString(head[1072:1076]), hex.EncodeToString(head[1072:1088])
		found.label = text(head[1088:1104])
	default:
		identifyISO(file, head, &found)
	}
	return found
}

// identifyISO: an ISO's own descriptor begins 32 KiB in; the mark is the disk signature of its boot record.
func identifyISO(file io.ReaderAt, head []byte, found *device) {
	descriptor := make([]byte, 72)
	if _, err := file.ReadAt(descriptor, 32768); err != nil || string(descriptor[1:6]) != "CD001" {
		return
	}
	found.kind, found.id = "iso9660", hex.EncodeToString(head[440:444])
	found.label = strings.TrimRight(text(descriptor[40:72]), " ")
}

func text(bytes []byte) string { return strings.ReplaceAll(string(bytes), "\x00", "") }

// search looks for the root among the block devices.
type search struct {
	devices, blocks string
	wanted          string
	known           string
}

// find gives the device that is wanted, or a text of what there is.
func (s *search) find() (found device, seen string, ok bool) {
	folders, _ := filepath.Glob(s.blocks + "/*")
	var all []string
	for _, folder := range folders {
		name := filepath.Base(folder)
		size, _ := os.ReadFile(folder + "/size")
		// no medium, or nothing behind it
		if sectors, err := strconv.ParseUint(strings.TrimSpace(string(size)), 10, 64); err != nil || sectors == 0 || !exists(s.devices+"/"+name) {
			continue
		}
		candidate := identify(s.devices + "/" + name)
		if s.isRoot(candidate) {
			return candidate, "", true
		}
		all = append(all, candidate.describe(name))
	}
	return device{}, strings.Join(all, ", "), false
}

func (d device) describe(name string) string {
	words := []string{orElse(d.kind, "nothing known")}
	if d.id != "" {
		words = append(words, d.id)
	}
	if d.label != "" {
		words = append(words, fmt.Sprintf("%q", d.label))
	}
	return fmt.Sprintf("%s (%s)", name, strings.Join(words, " "))
}

func (s *search) isRoot(candidate device) bool {
	if s.wanted == "" {
		for line := range strings.Lines(s.known) {
			if candidate.kind != "" && strings.TrimSpace(line) == candidate.kind+" "+candidate.id {
				return true
			}
		}
		return false
	}
	if label, is := strings.CutPrefix(s.wanted, "LABEL="); is {
		return candidate.label != "" && candidate.label == label
	}
	if uuid, is := strings.CutPrefix(s.wanted, "UUID="); is {
		digits := strings.ToLower(strings.ReplaceAll(uuid, "-", ""))
		return candidate.kind != "" && digits != "" && (digits == candidate.uuid || digits == candidate.id)
	}
	return candidate.path == s.wanted
}

func (s *search) describeWanted() string {
	if s.wanted != "" {
		return s.wanted
	}
	return strings.Join(strings.FieldsFunc(s.known, func(letter rune) bool { return letter == '\n' }), " or ")
}
