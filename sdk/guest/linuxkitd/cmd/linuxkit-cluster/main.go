// Command linuxkit-cluster starts Docker and Kubernetes in their containers. It is a program of its own, for no machine without them
// has any use for it, and PID 1 has no part of it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"pulumi-linuxkit/linuxkitd/internal/balance"
	"pulumi-linuxkit/linuxkitd/internal/docker"
	"pulumi-linuxkit/linuxkitd/internal/kubernetes"
)

// commands are what it can be.
var commands = map[string]func(context.Context, []string) error{
	"balance":         balance.Run,
	"docker-content":  docker.RunContent,
	"docker-engine":   docker.RunEngine,
	"kubernetes-node": kubernetes.RunNode,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("linuxkit-cluster: got %q, wanted a subcommand", args)
	}
	return commands[args[0]](ctx, args[1:])
}
