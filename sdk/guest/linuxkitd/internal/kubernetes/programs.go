package kubernetes

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/process"
)

// programs are those of a node. kubelet is restarted beside containerd, so that its end ends no container. Containers are processes
// of this container too, and those that lose their parent come to this program: it reaps them.
type programs struct {
	containerd, kubelet []string
	// answers asks containerd whether it works, and load gives it an image's archive.
	answers, load []string
	archives      string
	// again is the pause before kubelet starts again, and pause what lies between two questions.
	again, pause time.Duration
	table        *process.Table
}

func newPrograms(name string, address netip.Addr, table *process.Table) *programs {
	return &programs{
		containerd: []string{"containerd", "--config", containerdConfig},
		kubelet: []string{
			"kubelet", "--config", kubeletConfig, "--kubeconfig", kubeconfig, "--cert-dir", filepath.Join(kept, "pki"),
			"--hostname-override", name, "--node-ip", address.String(),
		},
		answers: []string{"ctr", "version"}, load: []string{"ctr", "--namespace", "k8s.io", "images", "import"}, archives: archives,
		again: 2 * time.Second, pause: 500 * time.Millisecond,
		table: table,
	}
}

// run gives containerd its images, then runs kubelet beside it. When the context ends it asks containerd to end.
func (p *programs) run(ctx context.Context) error {
	containerd, err := p.start(p.containerd, os.Stdout)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = containerd.Signal(unix.SIGTERM) })
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- p.work(ctx, containerd) }()
	select {
	case err = <-failed:
		_ = containerd.Signal(unix.SIGTERM)
		<-containerd.Done()
	case <-containerd.Done():
	}
	if status := containerd.Status(); err == nil && status != 0 && ctx.Err() == nil {
		err = fmt.Errorf("containerd ended with status %d", status)
	}
	return err
}

// work does what needs containerd, and returns before containerd ends only with an error.
func (p *programs) work(ctx context.Context, containerd *process.Child) error {
	for !p.succeeds(p.answers) {
		if !pauseOrEnd(containerd, p.pause) {
			return nil
		}
	}
	found, err := filepath.Glob(filepath.Join(p.archives, "*.tar"))
	if err != nil {
		return err
	}
	for _, archive := range found {
		if child, err := p.start(slices.Concat(p.load, []string{archive}), os.Stdout); err != nil {
			return err
		} else if status := child.Status(); status != 0 && ctx.Err() == nil {
			return fmt.Errorf("%s %s ended with status %d", p.load[0], archive, status)
		}
	}
	for ctx.Err() == nil {
		kubelet, err := p.start(p.kubelet, os.Stdout)
		if err != nil {
			return err
		}
		status := kubelet.Status()
		if !pauseOrEnd(containerd, p.again) {
			return nil
		}
		fmt.Fprintf(os.Stderr, "kubelet ended with status %d and starts again\n", status)
	}
	return nil
}

// pauseOrEnd waits, and gives whether containerd still runs then.
func pauseOrEnd(containerd *process.Child, pause time.Duration) bool {
	return !containerd.EndsWithin(pause)
}

func (p *programs) succeeds(command []string) bool {
	quiet, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer func() { _ = quiet.Close() }()
	child, err := p.start(command, quiet)
	return err == nil && child.Status() == 0
}

func (p *programs) start(command []string, out *os.File) (*process.Child, error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil, err
	}
	errors := os.Stderr
	if out != os.Stdout {
		errors = out
	}
	return p.table.Start(process.Command{Path: path, Args: command, Env: os.Environ(), Files: []*os.File{os.Stdin, out, errors}})
}
