// Package kubernetes starts a node of Kubernetes in its container: the network of its pods, containerd, and kubelet.
package kubernetes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/process"
)

// files of the node's image, and what kubelet keeps: sdk/kubernetes/node-image.ts writes them.
const (
	containerdConfig = "/usr/lib/linuxkit/containerd.toml"
	kubeletConfig    = "/usr/lib/linuxkit/kubelet.json"
	networkConfig    = "/usr/lib/linuxkit/node.conflist"
	rules            = "/usr/lib/linuxkit/node.nft"
	archives         = "/usr/share/linuxkit/images"
	kubeconfig       = "/run/secrets/kube.conf"
	machineHosts     = "/etc/machine-hosts"
	kept             = "/var/lib/kubelet"
)

// RunNode runs containerd and kubelet until containerd ends: `kubernetes-node PODS`, with the network of all pods.
func RunNode(ctx context.Context, args []string) error {
	if err := run(ctx, args); err != nil {
		return fmt.Errorf("kubernetes-node: %w", err)
	}
	return nil
}

func run(ctx context.Context, args []string) error {
	pods, err := podsNetwork(args)
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	hosts, err := os.ReadFile(machineHosts)
	if err != nil {
		return err
	}
	address, err := addressOf(name, hosts)
	if err != nil {
		return err
	}
	// what kubelet mounts for a pod, containerd's programs find
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("/: %w", err)
	}
	if err := prepareNetwork(pods, address); err != nil {
		return err
	}
	for _, folder := range []string{"/etc/cni/net.d", "/var/log/pods", "/var/log/containers"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := writeNetwork(networkConfig, "/etc/cni/net.d/10-node.conflist", podsOf(pods, address)); err != nil {
		return err
	}
	if err := forgetOldKeys(kubeconfig, kept); err != nil {
		return err
	}
	table := process.NewTable()
	go table.Reap()
	return newPrograms(name, address, table).run(ctx)
}

func podsNetwork(args []string) (netip.Prefix, error) {
	if len(args) == 1 {
		if pods, err := netip.ParsePrefix(args[0]); err == nil && pods.Addr().Is4() && pods.Bits() == 16 {
			return pods.Masked(), nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("got %q, wanted the network of all pods, such as 10.244.0.0/16", args)
}

// forgetOldKeys removes certificates that kubelet has renewed for another key than the one it is given now: they are void.
func forgetOldKeys(given, folder string) error {
	text, err := os.ReadFile(given)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	digest, mark := hex.EncodeToString(sum[:]), filepath.Join(folder, "given")
	if before, err := os.ReadFile(mark); err == nil && string(before) == digest {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(folder, "pki")); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(digest), 0o600)
}
