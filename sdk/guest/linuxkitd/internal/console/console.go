package console

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Console is the machine's console. One goroutine writes, so a slow serial line stops no one else.
type Console struct {
	fd    int
	nonce string
	texts chan string
	idle  sync.WaitGroup
}

// mostWaiting is how many texts wait for a slow console before their writers do.
const mostWaiting = 4096

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
	go console.write()
	return console
}

func (c *Console) write() {
	for text := range c.texts {
		for bytes := []byte(text); len(bytes) > 0; {
			written, err := unix.Write(c.fd, bytes)
			if err == unix.EAGAIN {
				time.Sleep(10 * time.Millisecond)
			} else if err != nil && err != unix.EINTR {
				break
			}
			if written > 0 {
				bytes = bytes[written:]
			}
		}
		c.idle.Done()
	}
}

func (c *Console) put(text string) {
	c.idle.Add(1)
	c.texts <- text
}

// Say reports a stage that is reached now.
func (c *Console) Say(words ...string) { c.SayAt(Now(), words...) }

// SayAt reports a stage that was reached before.
func (c *Console) SayAt(seconds string, words ...string) { c.put(Line(c.nonce, seconds, words...)) }

// Show writes a text for people, line by line. It can hold no report.
func (c *Console) Show(text string) {
	for line := range strings.Lines(text) {
		if line = Plain(line, LongestMessage); line != "" {
			c.put(line + "\n")
		}
	}
}

// Drain waits until the last byte is out of the machine, for a few seconds at most.
func (c *Console) Drain() {
	out := make(chan struct{})
	go func() {
		c.idle.Wait()
		// tcdrain(3)
		_ = unix.IoctlSetInt(c.fd, unix.TCSBRK, 1)
		close(out)
	}()
	select {
	case <-out:
	case <-time.After(10 * time.Second):
	}
}
