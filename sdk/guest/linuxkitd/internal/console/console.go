package console

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// Console is the machine's console. One goroutine writes, so a slow serial line stops no one else.
type Console struct {
	fd    int
	nonce string
	texts chan string
	idle  sync.WaitGroup
	// lines that no one will read
	dropped atomic.Int64
	// Heard, where it is set, is told of each report.
	Heard func(seconds string, words []string)
}

const (
	// mostWaiting is how many texts wait for a slow console; no writer waits for it.
	mostWaiting = 4096
	// mostShown of them are for people, so that reports have room
	mostShown = mostWaiting / 2
)

// Open opens the console; nonce is the word of this boot.
func Open(path, nonce string) (*Console, error) {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	console := New(fd, nonce)
	return console, nil
}

// New writes to a descriptor that is open.
func New(fd int, nonce string) *Console {
	console := &Console{fd: fd, nonce: nonce, texts: make(chan string, mostWaiting)}
	guard.Keep("the console", console.writeAll)
	return console
}

func (c *Console) writeAll() {
	for text := range c.texts {
		c.writeNext(text)
	}
}

func (c *Console) writeNext(text string) {
	defer c.idle.Done()
	c.write(text)
	if dropped := c.dropped.Swap(0); dropped > 0 {
		c.write(fmt.Sprintf("linuxkitd: %d lines were dropped: the console is slow\n", dropped))
	}
}

func (c *Console) write(text string) {
	for bytes := []byte(text); len(bytes) > 0; {
		written, err := unix.Write(c.fd, bytes)
		if err == unix.EAGAIN {
			time.Sleep(10 * time.Millisecond)
		} else if err != nil && err != unix.EINTR {
			return
		}
		if written > 0 {
			bytes = bytes[written:]
		}
	}
}

// put never waits: who reports something has more to do.
func (c *Console) put(text string) {
	c.idle.Add(1)
	select {
	case c.texts <- text:
	default:
		c.dropped.Add(1)
		c.idle.Done()
	}
}

// Say reports a stage that is reached now.
func (c *Console) Say(words ...string) { c.SayAt(Now(), words...) }

// SayAt reports a stage that was reached before.
func (c *Console) SayAt(seconds string, words ...string) {
	c.put(Line(c.nonce, seconds, words...))
	if c.Heard != nil {
		c.Heard(seconds, words)
	}
}

// Show writes a text for people, line by line. It can hold no report.
func (c *Console) Show(text string) {
	for line := range strings.Lines(text) {
		if line = Plain(line, LongestMessage); line == "" {
			continue
		}
		if len(c.texts) < mostShown {
			c.put(line + "\n")
		} else {
			c.dropped.Add(1)
		}
	}
}

// Drain waits until the last byte is out of the machine, for a few seconds at most.
func (c *Console) Drain() {
	out := make(chan struct{})
	guard.Go("the last of the console", func() {
		defer close(out)
		c.idle.Wait()
		// tcdrain(3)
		_ = unix.IoctlSetInt(c.fd, unix.TCSBRK, 1)
	})
	select {
	case <-out:
	case <-time.After(10 * time.Second):
	}
}
