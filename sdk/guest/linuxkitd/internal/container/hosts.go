package container

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

const (
	// hostsFile is where programs look up names (hosts(5)).
	hostsFile = "/etc/hosts"
	// longestHosts is the most that is read of one
	longestHosts = 64 << 10
)

// KnowNames tells it the other machines of the stack's network, as lines of hosts(5).
func (r *Runtime) KnowNames(lines []byte) { r.names = lines }

// hostsWith gives the container's hosts file with the names of machines, or nil where the file is its own affair: the
// definition mounts something there, or its image has none.
func (c *Container) hostsWith(config, names []byte) []byte {
	if len(names) == 0 {
		return nil
	}
	var parsed struct {
		Mounts []description.Mount `json:"mounts"`
	}
	if json.Unmarshal(config, &parsed) != nil {
		return nil
	}
	root, name := c.Rootfs(), hostsFile
	if own := mountedOn(parsed.Mounts, hostsFile); own != nil {
		if own.Source != c.Bundle+hostsName {
			return nil
		}
		root, name = c.Bundle, hostsName
	}
	text, err := readHosts(root, name)
	if err != nil {
		return nil
	}
	return addNames(text, names)
}

// hostsName is the file that the build makes for a service that names others.
const hostsName = "/hosts"

// mountedOn is the last mount on a path or above it.
func mountedOn(mounts []description.Mount, name string) *description.Mount {
	for index := range slices.Backward(mounts) {
		place := path.Clean(mounts[index].Destination)
		if place == name || strings.HasPrefix(name, strings.TrimSuffix(place, "/")+"/") {
			return &mounts[index]
		}
	}
	return nil
}

// readHosts reads a hosts file below a root. A link of the image's leads to no file of the machine (openat2(2),
// RESOLVE_IN_ROOT).
func readHosts(root, name string) ([]byte, error) {
	folder, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(folder)
	how := &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	opened, err := unix.Openat2(folder, name, how)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(opened), name)
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, os.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(file, longestHosts))
}

// addNames adds the lines that a hosts file lacks. What stands first counts, so a service's own names do.
func addNames(hosts, names []byte) []byte {
	text := bytes.TrimRight(hosts, "\n")
	if len(text) > 0 {
		text = append(text, '\n')
	}
	known := map[string]bool{}
	for line := range bytes.Lines(hosts) {
		known[strings.Join(strings.Fields(string(line)), " ")] = true
	}
	for line := range bytes.Lines(names) {
		if words := strings.Join(strings.Fields(string(line)), " "); words != "" && !known[words] {
			text = append(append(text, words...), '\n')
		}
	}
	return text
}

// withHosts mounts a file of the machine as the hosts file of a config.json, and leaves the rest of it as it is.
func withHosts(config []byte, place string) ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(config, &whole); err != nil {
		return nil, err
	}
	var mounts []map[string]any
	if given := whole["mounts"]; given != nil {
		if err := json.Unmarshal(given, &mounts); err != nil {
			return nil, err
		}
	}
	mounts = slices.DeleteFunc(mounts, func(one map[string]any) bool { return one["destination"] == hostsFile })
	mounts = append(mounts, map[string]any{
		"destination": hostsFile, "type": "bind", "source": place,
		"options": []string{"bind", "ro", "nosuid", "nodev", "noexec", "rprivate"},
	})
	if err := put(whole, "mounts", mounts); err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}
