// Package seconds reads the time limits that tasks are given as words.
package seconds

import (
	"fmt"
	"strconv"
	"time"
)

// Parse reads a number of seconds above 0, of which a part may follow a point.
func Parse(word string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(word, 64)
	if err != nil || !(seconds > 0 && seconds < 1e9) {
		return 0, fmt.Errorf("got %q seconds, wanted a number above 0", word)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
