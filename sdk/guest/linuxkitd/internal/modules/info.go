package modules

import (
	"bytes"
	"debug/elf"
	"strings"
)

// Needs are the modules that the file of a module names: what it depends on, and what is to be there before it.
func Needs(file []byte) []string {
	parsed, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	section := parsed.Section(".modinfo")
	if section == nil {
		return nil
	}
	info, err := section.Data()
	if err != nil {
		return nil
	}
	var needs []string
	for entry := range strings.SplitSeq(string(info), "\x00") {
		if names, found := strings.CutPrefix(entry, "depends="); found {
			needs = append(needs, strings.FieldsFunc(names, func(letter rune) bool { return letter == ',' })...)
		} else if rest, found := strings.CutPrefix(entry, "softdep="); found {
			needs = append(needs, before(rest)...)
		}
	}
	for at, name := range needs {
		needs[at] = strings.ReplaceAll(name, "-", "_")
	}
	return needs
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
