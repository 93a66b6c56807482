// Package guard catches panics, for PID 1 must never end.
package guard

import (
	"fmt"
	"runtime/debug"
	"time"
)

// Report is told of each panic, once PID 1 has a console.
var Report = func(text string) {}

// Run calls work, and gives its panic as an error.
func Run(what string, work func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic in %s: %v", what, cause)
			// one in the report itself is the end of the report only
			defer func() { _ = recover() }()
			Report(fmt.Sprintf("linuxkitd: %v\n%s", err, debug.Stack()))
		}
	}()
	work()
	return nil
}

// Go is a goroutine whose panic ends only itself.
func Go(what string, work func()) {
	go func() { _ = Run(what, work) }()
}

// pause keeps work that panics at once from taking a processor.
const pause = 100 * time.Millisecond

// Again calls work until it comes back without a panic.
func Again(what string, work func()) {
	for Run(what, work) != nil {
		time.Sleep(pause)
	}
}

// Keep is a goroutine that begins again after a panic.
func Keep(what string, work func()) {
	go func() { Again(what, work) }()
}
