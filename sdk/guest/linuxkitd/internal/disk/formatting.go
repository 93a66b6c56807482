package disk

import (
	"fmt"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// isLabel, as the definition's schema has it: it begins with a letter or a digit.
func isLabel(word string) bool { return isName(word) && len(word) <= 16 }

func isSerial(word string) bool { return isName(word) && len(word) <= 64 }

func isName(word string) bool {
	return printable.Only(word, "._-") && !strings.ContainsAny(word[:1], "._-")
}

func isDevice(word string) bool {
	name, found := strings.CutPrefix(word, "/dev/")
	return found && printable.Only(name, "/_-")
}

// isOwner is whether a word is UID:GID.
func isOwner(word string) bool {
	user, group, found := strings.Cut(word, ":")
	return found && isNumber(user) && isNumber(group)
}

func isNumber(word string) bool {
	return 0 < len(word) && len(word) <= 10 && !strings.ContainsFunc(word, func(letter rune) bool { return letter < '0' || letter > '9' })
}

// formatting is what a task is to make.
type formatting struct {
	label string
	// serial and device name the disk; without them it is the only empty one.
	serial, device string
	partitioned    bool
	// owner of the new filesystem's root, UID:GID
	owner string
	// seconds to wait for the disk
	seconds int
}

func (f formatting) mark() string  { return f.label + " (unfinished)" }
func (f formatting) isNamed() bool { return f.serial != "" || f.device != "" }

// parseFormatting reads the words LABEL WANTED PARTITIONED OWNER SECONDS; WANTED is `/dev/…`, `serial:…` or empty.
func parseFormatting(words []string) (formatting, error) {
	f := formatting{label: words[0], partitioned: words[2] == "1", owner: words[3]}
	serial, hasSerial := strings.CutPrefix(words[1], "serial:")
	seconds, err := parseSeconds(words[4])
	switch {
	case !isLabel(f.label):
		return f, fmt.Errorf("got the label %q, wanted at most 16 letters, digits, \".\", \"_\" or \"-\"", f.label)
	case hasSerial && isSerial(serial):
		f.serial = serial
	case !hasSerial && (words[1] == "" || isDevice(words[1])):
		f.device = words[1]
	default:
		return f, fmt.Errorf("got %q, wanted serial:SERIAL or a device such as /dev/vdb", words[1])
	}
	if !isOwner(f.owner) || (words[2] != "0" && words[2] != "1") {
		return f, fmt.Errorf("got %q, wanted 1 or 0 for a partition, and UID:GID", words[2:4])
	}
	f.seconds = seconds
	return f, err
}
