// Command linuxkit-api ends the TLS of the interface to the machine. It is a program of its own, for TLS would make PID 1
// half as large again, and what strangers speak to is not PID 1.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"pulumi-linuxkit/linuxkitd/internal/apitls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := apitls.Run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
