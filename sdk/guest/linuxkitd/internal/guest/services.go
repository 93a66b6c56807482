package guest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/api"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/health"
	"pulumi-linuxkit/linuxkitd/internal/secretfiles"
	"pulumi-linuxkit/linuxkitd/internal/supervise"
)

func (s *supervisor) prepare(c *container.Container) supervise.Event {
	missing, err := secretfiles.HandOver(c.Name, c.Service.Secrets, c.UID, c.GID)
	if missing != "" {
		return supervise.Lacking{Name: c.Name, Secret: missing}
	}
	if err == nil {
		err = c.Prepare()
	}
	if err != nil {
		return supervise.Prepared{Name: c.Name, Failure: err.Error()}
	}
	return supervise.Prepared{Name: c.Name}
}

// check gives why the check did not pass. The reason has nothing of what the service said.
func (s *supervisor) check(c *container.Container) string {
	s.mu.Lock()
	running := s.running[c.Name]
	s.mu.Unlock()
	if running == nil {
		return "it does not run"
	}
	asked := c.Service.Health
	limit := seconds(asked.Timeout)
	network, err := running.Network()
	switch {
	case err != nil:
	case asked.HTTP != nil && asked.HTTP.Socket != "":
		err = checkSocket(running, asked.HTTP, limit)
	case asked.HTTP != nil:
		err = health.HTTP(network, asked.HTTP.Port, asked.HTTP.Path, asked.HTTP.Status, limit)
	case asked.HTTPS != nil:
		err = s.guest.checkHTTPS(c, network, asked.HTTPS, limit)
	case asked.TCP != nil:
		err = health.TCP(network, asked.TCP.Port, limit)
	default:
		err = running.Exec(asked.Command, limit)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func checkSocket(running *container.Running, asked *description.HTTPCheck, limit time.Duration) error {
	root, err := running.Root()
	if err != nil {
		return err
	}
	defer root.Close()
	return health.HTTPSocket(root, asked.Socket, asked.Path, asked.Status, limit)
}

func (g *Guest) checkHTTPS(c *container.Container, network *os.File, asked *description.HTTPSCheck, limit time.Duration) error {
	if g.askers == nil {
		return errors.New("the machine has no program for TLS")
	}
	authority := asked.CA
	if asked.CASecret != "" {
		var err error
		if authority, err = health.ReadAuthority(secretfiles.Path(c.Name, asked.CASecret)); err != nil {
			return err
		}
	}
	return g.askers.HTTPS(network, asked.Port, health.Question{
		Host: net.JoinHostPort(asked.ServerName, strconv.Itoa(asked.Port)), Name: asked.ServerName, Path: asked.Path,
		Status: asked.Status, Authority: authority,
	}, limit)
}

// checksFolder is the bundle of the container that asks services over TLS. It is there where one of them is asked so.
const checksFolder = "/lib/linuxkit/https"

// startChecks starts that container. It comes before the services: none of them is healthy without it.
func (g *Guest) startChecks() error {
	if _, err := os.Stat(checksFolder); err != nil {
		return nil
	}
	read, err := container.Read(checksFolder)
	if err != nil {
		return err
	}
	if g.askers, err = health.ListenAskers(health.AskerFolder, read.UID); err != nil {
		return fmt.Errorf("the checks over TLS: %w", err)
	}
	g.tls = newSupervisor(g, []*container.Container{read}, true)
	g.tls.begin()
	return nil
}

// ownFolders are the bundles of the guest's own containers, each where the definition asks for it.
var ownFolders = []string{"/lib/linuxkit/healthz", "/lib/linuxkit/forward", apiFolder}

// apiFolder is the bundle of the container that ends the TLS of the interface.
const apiFolder = "/lib/linuxkit/api"

// startOwn starts the guest's own containers: they are no part of what is reported.
func (g *Guest) startOwn() {
	var containers []*container.Container
	for _, folder := range ownFolders {
		if _, err := os.Stat(folder); err != nil {
			continue
		}
		read, err := container.Read(folder)
		if err != nil {
			g.console.Show(err.Error())
			continue
		}
		if folder == apiFolder {
			if err := api.ServeChannels(api.ChannelFolder, read.UID, &shownMachine{g}); err != nil {
				g.console.Show("the interface to the machine: " + err.Error())
				continue
			}
		}
		containers = append(containers, read)
	}
	_ = guard.Run("the guest's own services", func() {
		own := newSupervisor(g, containers, true)
		own.begin()
		g.own.Store(own)
	})
}
