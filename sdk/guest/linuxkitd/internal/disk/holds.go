package disk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const mib = 1 << 20

// signature is sfdisk's word for what a device holds, in the C locale.
func signature(said string) (kind string, found bool) {
	for line := range strings.Lines(said) {
		if rest, is := strings.CutPrefix(line, "The device contains '"); is {
			if kind, rest, _ = strings.Cut(rest, "'"); strings.HasPrefix(rest, " signature") {
				return kind, true
			}
		}
	}
	return "", false
}

// holds says what a device holds; nothing when it is empty.
func (m *machine) holds(name string) string {
	if partitions := m.partitions(name); len(partitions) > 0 {
		said := "partitions:"
		for _, partition := range partitions {
			said += " " + partition
			if inside := m.holds(partition); inside != "" {
				said += " (" + inside + ")"
			}
		}
		return said
	}
	if holders := m.names(filepath.Join("class/block", name, "holders")); len(holders) > 0 {
		return "a part of " + holders[0]
	}
	// sfdisk knows some hundred signatures, and changes nothing here
	said, _ := m.run("label: gpt\n", "sfdisk", "--no-act", m.device(name))
	if kind, found := signature(said.out + "\n" + said.err); found {
		if ext, ok := m.ext(name); ok && ext.Label != "" && strings.HasPrefix(kind, "ext") {
			return kind + " with the label " + ext.Label
		}
		return kind
	}
	return m.holdsUnknown(name)
}

// partitions are the names of a disk's partitions.
func (m *machine) partitions(name string) []string {
	var partitions []string
	for _, entry := range m.names(filepath.Join("class/block", name)) {
		if m.exists("class/block", name, entry, "partition") {
			partitions = append(partitions, entry)
		}
	}
	return partitions
}

// holdsUnknown looks for anything but zeroes where data begins and ends: a disk that was never used has none.
func (m *machine) holdsUnknown(name string) string {
	size := int64(m.sectors(name)) * 512
	// the last 4 MiB and what is left of a whole one
	end := max(0, size/mib-4) * mib
	for _, part := range []struct {
		where    string
		from, to int64
	}{{"start", 0, min(4*mib, size)}, {"end", end, size}} {
		if !m.isZero(name, part.from, part.to) {
			return "data of no kind that is known here, within 4 MiB of its " + part.where
		}
	}
	return ""
}

// isZero reports whether a part of a device can be read and holds zeroes alone.
func (m *machine) isZero(name string, from, to int64) bool {
	file, err := os.Open(m.device(name))
	if err != nil {
		return false
	}
	defer file.Close()
	buffer, zeroes := make([]byte, 256<<10), make([]byte, 256<<10)
	for at := from; at < to; {
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), to-at)], at)
		if !bytes.Equal(buffer[:n], zeroes[:n]) {
			return false
		}
		if at += int64(n); err != nil && (err != io.EOF || at < to) {
			return false
		}
	}
	return true
}

// findUnfinished is the partition that an interrupted run was about to format, or empty: it is named by the mark.
func (m *machine) findUnfinished(mark string) string {
	found := ""
	for _, name := range m.names("class/block") {
		if m.isNamed(name, mark) {
			found = name
		}
	}
	return found
}

// isNamed reports whether a device is a partition that its table names so.
func (m *machine) isNamed(name, called string) bool {
	if !m.exists("class/block", name, "partition") {
		return false
	}
	for line := range strings.Lines(read(filepath.Join(m.sys, "class/block", name, "uevent"))) {
		if strings.TrimRight(line, "\n") == "PARTNAME="+called {
			return true
		}
	}
	return false
}

// findEmpty is the only empty disk, or empty; others says what there is beside it.
func (m *machine) findEmpty(label string) (found, others string, err error) {
	for _, name := range m.names("block") {
		if !m.exists("block", name, "device") || m.number("block", name, "size") == 0 {
			continue
		}
		held := m.holds(name)
		if m.word("block", name, "ro") == "1" {
			if held == "" {
				held = "nothing"
			}
			held += ", and is read-only"
		}
		switch {
		case held != "":
			others += "; " + name + " holds " + held
		case found != "":
			return "", "", fmt.Errorf("%s and %s are both empty: name the one for %s by its serial or device", found, name, label)
		default:
			found = name
		}
	}
	return found, others, nil
}
