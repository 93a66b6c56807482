// Command linuxkitd is PID 1 of the guest, and every program that runs in the guest beside it: under another name, or
// with a subcommand, it is one of those.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/chrony"
	"pulumi-linuxkit/linuxkitd/internal/dhcp"
	"pulumi-linuxkit/linuxkitd/internal/disk"
	"pulumi-linuxkit/linuxkitd/internal/forward"
	"pulumi-linuxkit/linuxkitd/internal/guest"
	"pulumi-linuxkit/linuxkitd/internal/healthz"
	"pulumi-linuxkit/linuxkitd/internal/metadata"
	"pulumi-linuxkit/linuxkitd/internal/power"
	"pulumi-linuxkit/linuxkitd/internal/sshd"
	"pulumi-linuxkit/linuxkitd/internal/stage1"
	"pulumi-linuxkit/linuxkitd/internal/sysctl"
)

// commands are the programs that it can be.
var commands = map[string]func(context.Context, []string) error{
	"chrony":   chrony.Run,
	"dhcp":     dhcp.Run,
	"disk":     disk.RunDisk,
	"extend":   disk.RunExtend,
	"format":   disk.RunFormat,
	"forward":  forward.Run,
	"healthz":  healthz.Run,
	"metadata": metadata.Run,
	"mount":    disk.RunMount,
	"sshd":     sshd.Run,
	"sysctl":   sysctl.Run,
}

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	switch {
	case name == "poweroff" || name == "reboot":
		end(power.Request(name))
	case len(args) > 0 && commands[args[0]] != nil:
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
		defer stop()
		end(commands[args[0]](ctx, args[1:]))
	case os.Getpid() != 1:
		end(fmt.Errorf("linuxkitd: got %q, wanted a subcommand", args))
	case stage1.Is():
		stage1.Main()
	default:
		guest.Main()
	}
}

// end ends the program of a subcommand.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
