// Package network makes links and addresses, and enters the network namespaces of containers.
package network

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// Inside calls use in a network namespace; nil is the machine's own.
func Inside(namespace *os.File, use func() error) error {
	if namespace == nil {
		return use()
	}
	failed := make(chan error, 1)
	guard.Go("a network namespace", func() {
		err := errors.New("it panicked")
		defer func() { failed <- err }()
		err = enter(namespace, use)
	})
	return <-failed
}

func enter(namespace *os.File, use func() error) error {
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer own.Close()
	if err := join(namespace); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err = use()
	// a thread that cannot come back ends with its goroutine
	if join(own) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// join keeps the file open while the kernel looks at its descriptor.
func join(namespace *os.File) error {
	raw, err := namespace.SyscallConn()
	if err != nil {
		return err
	}
	var joined error
	if err := raw.Control(func(descriptor uintptr) { joined = unix.Setns(int(descriptor), unix.CLONE_NEWNET) }); err != nil {
		return err
	}
	return joined
}
