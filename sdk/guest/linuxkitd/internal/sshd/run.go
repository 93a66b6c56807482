// Package sshd starts OpenSSH's server in its container.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// paths of the container; privilegeSeparation is built into Debian's server, and /run is empty at each start.
const (
	privilegeSeparation = "/run/sshd"
	server              = "/usr/sbin/sshd"
	generator           = "/usr/bin/ssh-keygen"
	settings            = "/etc/ssh/sshd_config"
)

// kinds of host keys that the settings name.
var kinds = []string{"ed25519", "ecdsa"}

// Run becomes the server: `sshd [FOLDER]`. A folder gets new host keys first, those that it lacks.
func Run(ctx context.Context, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("sshd: got %q, wanted at most a folder", args)
	}
	if err := os.MkdirAll(privilegeSeparation, 0o755); err != nil {
		return fmt.Errorf("sshd: %w", err)
	}
	for _, folder := range args {
		if err := makeKeys(ctx, generator, folder); err != nil {
			return fmt.Errorf("sshd: %w", err)
		}
	}
	return fmt.Errorf("%s: %w", server, unix.Exec(server, []string{server, "-D", "-e", "-f", settings}, os.Environ()))
}

// makeKeys makes the host keys that a folder lacks, without a passphrase and a comment.
func makeKeys(ctx context.Context, generator, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, kind := range kinds {
		file := filepath.Join(folder, "ssh_host_"+kind+"_key")
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		if said, err := exec.CommandContext(ctx, generator, "-q", "-t", kind, "-N", "", "-C", "", "-f", file).CombinedOutput(); err != nil {
			return fmt.Errorf("the host key %s: %w: %s", file, err, said)
		}
	}
	return nil
}
