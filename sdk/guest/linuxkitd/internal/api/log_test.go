package api

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/logs"
)

func TestTheLastLinesOfALog(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for name, row := range map[string]struct {
		older, newest string
		lines         int
		want          string
	}{
		"all":                           {"a\n", "b\n", 0, "a\nb\n"},
		"one":                           {"a\n", "b\n", 1, "b\n"},
		"over both files":               {"a\nb\n", "c\n", 2, "b\nc\n"},
		"more than there are":           {"a\n", "b\n", 9, "a\nb\n"},
		"the last is not ended":         {"", "a\nb", 1, "b"},
		"a line in both files":          {"a\nb", "b\nc\n", 2, "bb\nc\n"},
		"empty lines":                   {"", "a\n\n\n", 2, "\n\n"},
		"longer than what is read once": {"a\n" + long, long + "\nb\n", 2, long + long + "\nb\n"},
		"nothing":                       {"", "", 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			for file, text := range map[string]string{path + ".1": row.older, path: row.newest} {
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var said bytes.Buffer
			if err := writeLog(context.Background(), &said, path, row.lines, false); err != nil || said.String() != row.want {
				t.Errorf("got %.100q, %v", said.String(), err)
			}
		})
	}
}

func TestALogThatIsNotThereIsEmpty(t *testing.T) {
	var said bytes.Buffer
	if err := writeLog(context.Background(), &said, filepath.Join(t.TempDir(), "log"), 0, false); err != nil || said.Len() > 0 {
		t.Errorf("got %q, %v", said.String(), err)
	}
}

// said is a buffer that several may use.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(bytes []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(bytes)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestALogIsFollowedOverChangesOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	ctx, stop := context.WithCancel(context.Background())
	var got said
	over := make(chan error, 1)
	go func() { over <- writeLog(ctx, &got, path, 0, true) }()
	var want strings.Builder
	for round := range 4 {
		var text strings.Builder
		for line := range 40 {
			fmt.Fprintf(&text, "round %d line %d\n", round, line)
		}
		want.WriteString(text.String())
		// files of 512 bytes, each with more than a half of what a round writes
		logs.Keep(strings.NewReader(text.String()), path, 2048)
		deadline := time.Now().Add(10 * time.Second)
		for got.String() != want.String() {
			if time.Now().After(deadline) {
				t.Fatalf("got %q, wanted %q", got.String(), want.String())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	stop()
	if err := <-over; err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
