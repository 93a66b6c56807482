// Package docker starts Docker's engine in its container, and gives it images and containers.
package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// files of the engine's image; /run is empty at each start.
const (
	settings       = "/usr/lib/linuxkit/daemon.json"
	settingsAtStop = "/usr/lib/linuxkit/daemon-at-stop.json"
	settingsNow    = "/run/daemon.json"
)

// mostInfo is more than the engine says of itself.
const mostInfo = 1 << 20

// engine is what RunEngine starts. Tests start another.
type engine struct {
	program       string
	now, at, stop string
	// gaveUp asks whether containers end with the engine.
	gaveUp func(context.Context) bool
	// patience is how long the engine has to read its settings again, and pause what lies between two questions.
	patience, pause time.Duration
}

// RunEngine runs dockerd until it ends: `docker-engine ARGUMENT...`, with its socket in DOCKER_HOST.
func RunEngine(ctx context.Context, args []string) error {
	socket, found := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if !found {
		return fmt.Errorf("docker-engine: DOCKER_HOST: got %q, wanted unix:// and a path", os.Getenv("DOCKER_HOST"))
	}
	dockerd := engine{
		program: "dockerd", now: settingsNow, at: settings, stop: settingsAtStop,
		gaveUp:   func(ctx context.Context) bool { return !restoresLive(ctx, socket) },
		patience: 5 * time.Second, pause: 100 * time.Millisecond,
	}
	if err := dockerd.run(ctx, args); err != nil {
		return fmt.Errorf("docker-engine: %w", err)
	}
	return nil
}

// run starts the engine and waits for its end, which it asks for when the context ends.
func (e engine) run(ctx context.Context, args []string) error {
	if err := copyFile(e.at, e.now); err != nil {
		return err
	}
	command := exec.Command(e.program, append([]string{"--config-file", e.now}, args...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	e.giveUp(command.Process)
	_ = command.Process.Signal(unix.SIGTERM)
	return <-ended
}

// giveUp lets containers end with the engine. With live-restore, an engine that ends leaves its containers running, also
// when the machine stops, and then they are killed. It is one of the settings that the engine reads again on a HUP
// (dockerd(8), "Configuration reload behavior").
func (e engine) giveUp(process *os.Process) {
	if err := copyFile(e.stop, e.now); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	_ = process.Signal(unix.SIGHUP)
	ctx, stop := context.WithTimeout(context.Background(), e.patience)
	defer stop()
	for !e.gaveUp(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(e.pause):
		}
	}
}

// restoresLive asks the engine itself (Docker Engine API, "Get system information"). One that does not answer may.
func restoresLive(ctx context.Context, socket string) bool {
	request := http1.Request{
		Address: "docker", Path: "/info",
		Dial: func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	answer, err := http1.Do(ctx, request, mostInfo)
	if err != nil || answer.Status != 200 {
		return true
	}
	info := struct{ LiveRestoreEnabled *bool }{}
	return json.Unmarshal(answer.Body, &info) != nil || info.LiveRestoreEnabled == nil || *info.LiveRestoreEnabled
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
