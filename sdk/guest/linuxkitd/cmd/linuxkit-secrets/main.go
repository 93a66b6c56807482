// Command linuxkit-secrets is the task that fetches secrets from a cloud. It is a program of its own, for TLS would make
// PID 1 half as large again.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"pulumi-linuxkit/linuxkitd/internal/secrets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := secrets.Run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
