package guard

import (
	"runtime"
	"sync"
)

// Threads makes threads ahead of their need. The runtime keeps them, and starts no other until so many wait in system
// calls at once; where it cannot start one it ends the program, which no recover catches (newosproc of Go's runtime).
func Threads(count int) {
	var all, free sync.WaitGroup
	together := make(chan struct{})
	for range count {
		all.Add(1)
		free.Add(1)
		Go("a thread", func() {
			// each goroutine has a thread to itself until all have one
			runtime.LockOSThread()
			defer free.Done()
			defer runtime.UnlockOSThread()
			all.Done()
			<-together
		})
	}
	all.Wait()
	close(together)
	free.Wait()
}
