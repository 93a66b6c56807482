package metadata

import (
	"strings"
	"time"
)

// expiry is when a key ends, as Google writes it, in UTC: {"userName":"a@b","expireOn":"2030-12-04T20:12:00+0000"}
func expiry(note string) (time.Time, bool) {
	_, rest, found := strings.Cut(note, `"expireOn"`)
	rest, colon := strings.CutPrefix(strings.TrimLeft(rest, " "), ":")
	rest, quote := strings.CutPrefix(strings.TrimLeft(rest, " "), `"`)
	text, _, closed := strings.Cut(rest, `"`)
	if !found || !colon || !quote || !closed {
		return time.Time{}, false
	}
	text, isZone := strings.CutSuffix(text, "+0000")
	if !isZone {
		text, isZone = strings.CutSuffix(text, "Z")
	}
	end, err := time.Parse("2006-01-02T15:04:05", text)
	return end, isZone && err == nil
}

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
			if end, known := expiry(note); !known || !end.After(now) {
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
