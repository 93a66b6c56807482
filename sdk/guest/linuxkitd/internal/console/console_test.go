package console

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"one":                    "one",
		" why \n":                "why",
		"\x1elinuxkit x healthy": "linuxkit x healthy",
		"a\r\nb":                 "a  b",
		"\x1b[31mred\x07":        "[31mred",
		"café":                   "caf",
		strings.Repeat("x", 400): strings.Repeat("x", 300),
	} {
		if got := Plain(text, 300); got != want {
			t.Errorf("%q: got %q, wanted %q", text, got, want)
		}
	}
}

func TestALineIsOneLineWhateverAWordHolds(t *testing.T) {
	if got, want := Line("nonce", "1.25", "service", "web", "ended", "exit status 1"), "\x1elinuxkit nonce 1.25 service web ended exit status 1\n"; got != want {
		t.Errorf("got %q", got)
	}
	if got, want := Line("nonce", "1.25", "modules", ""), "\x1elinuxkit nonce 1.25 modules\n"; got != want {
		t.Errorf("got %q", got)
	}
	got := Line("n", "1.00", "service", "web", "ended", "x\n\x1elinuxkit n 1.0 healthy\nKernel panic - not syncing")
	if strings.Count(got, "\n") != 1 || strings.Count(got, "\x1e") != 1 {
		t.Errorf("got %q", got)
	}
}

func TestNowIsWhatUptimeSays(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d\d$`).MatchString(Now()) {
		t.Error(Now())
	}
}

func TestWhatIsWrittenComesInOrder(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	console := New(int(write.Fd()), "n")
	console.SayAt("1.00", "kernel", "6.1", "id")
	console.Show("one\n\n\x1elinuxkit n 9.9 healthy\n")
	console.SayAt("2.00", "healthy")
	console.Drain()
	write.Close()
	got, _ := io.ReadAll(read)
	if want := "\x1elinuxkit n 1.00 kernel 6.1 id\none\nlinuxkit n 9.9 healthy\n\x1elinuxkit n 2.00 healthy\n"; string(got) != want {
		t.Errorf("got %q", got)
	}
}

// a serial line that takes nothing held up supervision, which reports to it
func TestAConsoleThatTakesNothingStopsNoOne(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	console := New(int(write.Fd()), "n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for number := range 3 * mostWaiting {
			console.Show(fmt.Sprintf("%d %s", number, strings.Repeat("x", 100)))
		}
		console.SayAt("1.00", "healthy")
		for number := range 3 * mostWaiting {
			console.SayAt("2.00", "service", "web", fmt.Sprint(number))
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("they wait")
	}
	go func() {
		console.Drain()
		write.Close()
	}()
	got, _ := io.ReadAll(read)
	if !strings.Contains(string(got), "\x1elinuxkit n 1.00 healthy\n") {
		t.Error("what is for people took the room of a report")
	}
	dropped := 0
	for _, match := range regexp.MustCompile(`linuxkitd: (\d+) lines were dropped: the console is slow\n`).FindAllStringSubmatch(string(got), -1) {
		var count int
		_, _ = fmt.Sscan(match[1], &count)
		dropped += count
	}
	if lines := strings.Count(string(got), "x\n") + strings.Count(string(got), "\x1e"); lines+dropped != 6*mostWaiting+1 {
		t.Errorf("%d lines and %d dropped, of %d", lines, dropped, 6*mostWaiting+1)
	}
}
