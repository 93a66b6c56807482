package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// label marks the containers of the definition, with the hash of what they were made from.
const label = "org.pulumi-linuxkit.container"

// Content is what an engine is to have: `Content` of sdk/docker/setup-service.ts writes it.
type Content struct {
	// Archives are files of `docker save`.
	Archives []string `json:"archives"`
	// Images are pulled where they are missing.
	Images     []string    `json:"images"`
	Containers []Container `json:"containers"`
}

// Container is one that the engine runs.
type Container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	// Hash is that of its options and command.
	Hash string `json:"hash"`
	// Options are those of `docker run`.
	Options []string `json:"options"`
	Command []string `json:"command"`
}

// client runs the docker program and gives what it says.
type client func(ctx context.Context, args ...string) (string, error)

// RunContent gives an engine its images and containers: `docker-content FILE`, with the engine's socket in DOCKER_HOST.
func RunContent(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("docker-content: got %q, wanted a file", args)
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("docker-content: %w", err)
	}
	content, err := decode(text)
	if err == nil {
		err = client(runDocker).give(ctx, content)
	}
	if err != nil {
		return fmt.Errorf("docker-content: %w", err)
	}
	return nil
}

func decode(text []byte) (Content, error) {
	var content Content
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&content); err != nil {
		return Content{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Content{}, errors.New("something follows the content")
	}
	return content, nil
}

func runDocker(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "docker", args...)
	var said, failed bytes.Buffer
	command.Stdout, command.Stderr = &said, &failed
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(failed.String()))
	}
	return strings.TrimSpace(said.String()), nil
}

// give loads and pulls images, removes containers of an earlier definition, and runs those that are wanted.
func (docker client) give(ctx context.Context, content Content) error {
	for _, archive := range content.Archives {
		if err := docker.must(ctx, "load", "--quiet", "--input", archive); err != nil {
			return err
		}
	}
	for _, image := range content.Images {
		if _, err := docker.image(ctx, image); err != nil {
			return err
		}
	}
	if err := docker.removeOthers(ctx, content.Containers); err != nil {
		return err
	}
	for _, container := range content.Containers {
		if err := docker.run(ctx, container); err != nil {
			return err
		}
	}
	return nil
}

// must runs the program and prints what it says, as for the log.
func (docker client) must(ctx context.Context, args ...string) error {
	said, err := docker(ctx, args...)
	if err == nil && said != "" {
		fmt.Println(said)
	}
	return err
}

// image is the identity of an image, which is pulled where it is missing.
func (docker client) image(ctx context.Context, name string) (string, error) {
	look := []string{"image", "inspect", "--format", "{{.Id}}", name}
	if id, err := docker(ctx, look...); err == nil {
		return id, nil
	}
	if err := docker.must(ctx, "pull", "--quiet", name); err != nil {
		return "", err
	}
	return docker(ctx, look...)
}

// removeOthers removes containers of an earlier definition; those started by hand have no label.
func (docker client) removeOthers(ctx context.Context, wanted []Container) error {
	names, err := docker(ctx, "ps", "--all", "--filter", "label="+label, "--format", "{{.Names}}")
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(names) {
		if slices.ContainsFunc(wanted, func(c Container) bool { return c.Name == name }) {
			continue
		}
		if err := docker.must(ctx, "rm", "--force", name); err != nil {
			return err
		}
	}
	return nil
}

// run starts a container, in place of one that is not as it is wanted. One that is stays.
func (docker client) run(ctx context.Context, wanted Container) error {
	image, err := docker.image(ctx, wanted.Image)
	if err != nil {
		return err
	}
	found, err := docker(ctx, "container", "inspect", "--format", `{{.Image}} {{index .Config.Labels "`+label+`"}}`, wanted.Name)
	if err == nil && found == image+" "+wanted.Hash {
		return nil
	}
	if err == nil {
		if err := docker.must(ctx, "rm", "--force", wanted.Name); err != nil {
			return err
		}
	}
	args := []string{"run", "--detach", "--restart", "always", "--name", wanted.Name, "--label", label + "=" + wanted.Hash}
	args = append(args, wanted.Options...)
	return docker.must(ctx, append(append(args, wanted.Image), wanted.Command...)...)
}
