package seconds

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for word, want := range map[string]time.Duration{"1": time.Second, "0.25": 250 * time.Millisecond, "90": 90 * time.Second} {
		if got, err := Parse(word); err != nil || got != want {
			t.Errorf("%q: got %v, %v, wanted %v", word, got, err, want)
		}
	}
	for _, word := range []string{"", "0", "-1", "NaN", "Inf", "1e9", "a"} {
		if got, err := Parse(word); err == nil {
			t.Errorf("%q: got %v, wanted an error", word, got)
		}
	}
}
