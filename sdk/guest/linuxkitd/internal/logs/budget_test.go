package logs

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clock is a time that goes on when it is told to.
type clock struct {
	now    time.Time
	rested time.Duration
}

func (c *clock) budget() *budget {
	return &budget{now: func() time.Time { return c.now }, sleep: func(pause time.Duration) { c.rested += pause; c.now = c.now.Add(pause) }, left: burst, at: c.now}
}

// flood gives bytes without end, until it gave so many.
type flood struct{ left int64 }

func (f *flood) Read(into []byte) (int, error) {
	if f.left <= 0 {
		return 0, io.EOF
	}
	length := min(int64(len(into)), f.left)
	for at := range into[:length] {
		into[at] = 'x'
	}
	f.left -= length
	return int(length), nil
}

// the attack: a service that writes as fast as it can takes a processor and all other logs' share of memory's speed
func TestAFloodIsDroppedAndCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	time := &clock{now: time.Unix(0, 0)}
	const all = 40 << 20
	keep(&flood{all}, path, 1<<30, time.budget())
	text := read(t, path)
	var dropped, kept int64
	for line := range strings.Lines(text) {
		var count int64
		if _, err := fmt.Sscanf(line, "linuxkitd: %d bytes were dropped: more than 1048576 a second\n", &count); err == nil {
			dropped += count
		} else {
			kept += int64(strings.Count(line, "x"))
		}
	}
	if dropped+kept != all {
		t.Errorf("%d dropped and %d kept, of %d", dropped, kept, all)
	}
	passed := time.now.Sub(startOfTime).Seconds()
	if most := burst + int64(passed*perSecond) + 4096; kept > most {
		t.Errorf("%d bytes were kept in %v s", kept, passed)
	}
	// it reads no faster than a stride in each rest
	if least := (all - burst - perSecond*int64(passed+1)) / stride * int64(rest); int64(time.rested) < least {
		t.Errorf("it rested %v", time.rested)
	}
	if notes := strings.Count(text, "were dropped"); notes < 2 || notes > 40 {
		t.Errorf("%d notes", notes)
	}
}

var startOfTime = time.Unix(0, 0)

func TestAServiceThatRestsAfterABurstLosesNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	time := &clock{now: startOfTime}
	may := time.budget()
	steps := []io.Reader{&flood{burst}, &flood{100}, readerFunc(func() { time.now = time.now.Add(second) }), strings.NewReader("after\n")}
	keep(io.MultiReader(steps...), path, 1<<30, may)
	if got := read(t, path); !strings.HasSuffix(got, "x\nlinuxkitd: 100 bytes were dropped: more than 1048576 a second\nafter\n") || strings.Count(got, "x") != burst+1 {
		t.Errorf("got %d bytes, the last %q", len(got), got[len(got)-120:])
	}
}

const second = time.Second

// readerFunc does something where it is read, and has no bytes.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}
