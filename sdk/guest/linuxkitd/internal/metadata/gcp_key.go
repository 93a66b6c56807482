package metadata

import (
	"regexp"
	"strings"
	"time"
)

// expiry is when a key ends, as Google writes it, in UTC: {"userName":"a@b","expireOn":"2030-12-04T20:12:00+0000"}
var expiry = regexp.MustCompile(`"expireOn" *: *"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\+0000|Z)"`)

// keysOf takes the keys out of lines of USER:KEY. The user is the guest's own matter.
// A key that has ended, or whose end cannot be read, is left out.
func keysOf(lines string, now time.Time) []string {
	var keys []string
	for line := range strings.Lines(lines) {
		_, key, found := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !found || !isKey(key) {
			continue
		}
		if plain, note, ends := strings.Cut(key, " google-ssh "); ends {
			match := expiry.FindStringSubmatch(note)
			if match == nil {
				continue
			}
			end, err := time.Parse("2006-01-02T15:04:05", match[1])
			if err != nil || !end.After(now) {
				continue
			}
			key = plain
		}
		keys = append(keys, key)
	}
	return keys
}

func isKey(text string) bool {
	for _, kind := range []string{"ssh-", "ecdsa-", "sk-"} {
		if strings.HasPrefix(text, kind) {
			return true
		}
	}
	return false
}
