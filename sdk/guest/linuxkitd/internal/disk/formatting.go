package disk

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	labelForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$`)
	serialForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	deviceForm = regexp.MustCompile(`^/dev/[A-Za-z0-9/_-]+$`)
	ownerForm  = regexp.MustCompile(`^\d{1,10}:\d{1,10}$`)
)

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
	serial, isSerial := strings.CutPrefix(words[1], "serial:")
	seconds, err := parseSeconds(words[4])
	switch {
	case !labelForm.MatchString(f.label):
		return f, fmt.Errorf("got the label %q, wanted at most 16 letters, digits, \".\", \"_\" or \"-\"", f.label)
	case isSerial && serialForm.MatchString(serial):
		f.serial = serial
	case !isSerial && (words[1] == "" || deviceForm.MatchString(words[1])):
		f.device = words[1]
	default:
		return f, fmt.Errorf("got %q, wanted serial:SERIAL or a device such as /dev/vdb", words[1])
	}
	if !ownerForm.MatchString(f.owner) || (words[2] != "0" && words[2] != "1") {
		return f, fmt.Errorf("got %q, wanted 1 or 0 for a partition, and UID:GID", words[2:4])
	}
	f.seconds = seconds
	return f, err
}
