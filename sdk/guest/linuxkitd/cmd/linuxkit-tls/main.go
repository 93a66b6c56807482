// Command linuxkit-tls is what the machine itself does over TLS: it ends that of the machine's interface, and asks services
// for their health. It is a program of its own, for TLS would make PID 1 half as large again, and what strangers speak to
// is not PID 1.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"pulumi-linuxkit/linuxkitd/internal/apitls"
	"pulumi-linuxkit/linuxkitd/internal/tlscheck"
)

var commands = map[string]func(context.Context, []string) error{"api": apitls.Run, "checks": tlscheck.Run}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := fmt.Errorf("got %q, wanted api or checks", os.Args[1:])
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		err = commands[os.Args[1]](ctx, os.Args[2:])
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
