// Package guard catches panics, for PID 1 must never end.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Report is told of each panic, once PID 1 has a console.
var Report = func(text string) {}

// Run calls work, and gives its panic as an error.
func Run(what string, work func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic in %s: %v", what, cause)
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
