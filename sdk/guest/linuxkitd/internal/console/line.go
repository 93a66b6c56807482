// Package console writes the guest's reports, one line for each stage:
//
//	U+001E linuxkit NONCE SECONDS STAGE [WORD…] [MESSAGE…]
//
// sdk/guest/console.ts reads them.
package console

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// LongestMessage is the most that a word or a message holds, in bytes.
const LongestMessage = 1000

// Plain is a text fit for a line of the console: printable ASCII, without line breaks, of bounded length.
func Plain(text string, most int) string {
	var plain strings.Builder
	for _, b := range []byte(text) {
		if plain.Len() >= most {
			break
		}
		if b < 0x20 || b > 0x7e {
			b = ' '
		}
		plain.WriteByte(b)
	}
	return strings.TrimSpace(plain.String())
}

// Line is one report.
func Line(nonce, seconds string, words ...string) string {
	var line strings.Builder
	line.WriteString("\x1elinuxkit " + nonce + " " + seconds)
	for _, word := range words {
		if word = Plain(word, LongestMessage); word != "" {
			line.WriteString(" " + word)
		}
	}
	line.WriteString("\n")
	return line.String()
}

// Now is the time since the kernel started, as /proc/uptime has it.
func Now() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return "0.00"
	}
	return fmt.Sprintf("%d.%02d", now.Sec, now.Nsec/1e7)
}
