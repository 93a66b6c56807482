package container

import (
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// Sees is whether the container is given a folder of the machine's own, what is above it, or what is in it. What cannot be
// read might be one.
func (c *Container) Sees(folder string) bool {
	text, err := os.ReadFile(c.Bundle + "/config.json")
	if err != nil {
		return true
	}
	var config struct {
		Mounts []description.Mount `json:"mounts"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return true
	}
	return slices.ContainsFunc(slices.Concat(config.Mounts, c.Mounts), func(m description.Mount) bool { return shows(m, folder) })
}

func shows(m description.Mount, folder string) bool {
	// layers of an overlay are options
	for _, option := range m.Options {
		if _, layers, is := strings.Cut(option, "lowerdir="); is && slices.ContainsFunc(strings.Split(layers, ":"), func(layer string) bool { return covers(layer, folder) }) {
			return true
		}
	}
	return covers(m.Source, folder)
}

// covers: /lib is a symlink to /usr/lib.
func covers(source, folder string) bool {
	if !strings.HasPrefix(source, "/") {
		return false
	}
	source = path.Clean(source)
	if source == "/lib" || strings.HasPrefix(source, "/lib/") {
		source = "/usr" + source
	}
	return source == "/" || source == folder || strings.HasPrefix(folder, source+"/") || strings.HasPrefix(source, folder+"/")
}
