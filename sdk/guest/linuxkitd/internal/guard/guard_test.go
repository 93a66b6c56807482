package guard

import (
	"strings"
	"testing"
	"time"
)

func heard(t *testing.T) chan string {
	t.Helper()
	before, texts := Report, make(chan string, 16)
	Report = func(text string) { texts <- text }
	t.Cleanup(func() { Report = before })
	return texts
}

func TestAPanicIsReportedAndEndsNothingElse(t *testing.T) {
	texts := heard(t)
	if err := Run("a piece", func() { panic("no") }); err == nil || err.Error() != "panic in a piece: no" {
		t.Errorf("got %v", err)
	}
	if text := <-texts; !strings.HasPrefix(text, "linuxkitd: panic in a piece: no\n") || !strings.Contains(text, "guard_test.go") {
		t.Errorf("got %q", text)
	}
	if err := Run("a piece", func() {}); err != nil {
		t.Errorf("got %v", err)
	}
	Go("a goroutine", func() { panic("no") })
	if text := <-texts; !strings.HasPrefix(text, "linuxkitd: panic in a goroutine: no\n") {
		t.Errorf("got %q", text)
	}
}

func TestAPieceThatPanicsBeginsAgain(t *testing.T) {
	texts := heard(t)
	done, turns := make(chan struct{}), 0
	Keep("a piece", func() {
		if turns++; turns < 3 {
			var nothing map[string]int
			nothing["x"] = turns
		}
		close(done)
	})
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it did not begin again")
	}
	if len(texts) != 2 {
		t.Errorf("%d panics were reported", len(texts))
	}
}

func TestAReportThatPanicsIsNoEnd(t *testing.T) {
	before := Report
	Report = func(string) { panic("again") }
	defer func() { Report = before }()
	if err := Run("a piece", func() { panic("no") }); err == nil {
		t.Error("the panic is lost")
	}
}
