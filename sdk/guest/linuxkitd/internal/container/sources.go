package container

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/mount"
)

// stagesFolder has, for each container, its config.json and the sources that Stage replaces in it.
const stagesFolder = "/run/linuxkit/sources"

var sourceMark = []byte(`"source"`)

// Sources are the paths of the machine that a config.json names. It is searched and not parsed: each boot does it for
// every container.
func (c *Container) Sources() []string {
	config, err := os.ReadFile(c.Bundle + "/config.json")
	if err != nil {
		return nil
	}
	sources := sourcesIn(config)
	for _, one := range overlaysIn(config) {
		for _, layer := range mount.Layers(one.Options) {
			sources = append(sources, path.Clean(layer.Folder))
		}
	}
	return sources
}

// Given are the paths of the machine where a container may write: its sources, and what is mounted for it elsewhere.
func (c *Container) Given() []string {
	given := c.Sources()
	for _, asked := range c.Mounts {
		if strings.HasPrefix(asked.Source, "/") {
			given = append(given, path.Clean(asked.Source))
		}
		for _, layer := range mount.Layers(asked.Options) {
			given = append(given, path.Clean(layer.Folder))
		}
	}
	return given
}

// overlaysIn are the overlays that the runtime mounts.
func overlaysIn(config []byte) []description.Mount {
	if !bytes.Contains(config, []byte("lowerdir=")) {
		return nil
	}
	var parsed struct {
		Mounts []description.Mount `json:"mounts"`
	}
	if json.Unmarshal(config, &parsed) != nil {
		return nil
	}
	return slices.DeleteFunc(parsed.Mounts, func(m description.Mount) bool { return m.Type != "overlay" })
}

func sourcesIn(config []byte) []string {
	var sources []string
	for _, rest := range bytes.Split(config, sourceMark)[1:] {
		// the first value after the name
		read := json.NewDecoder(bytes.NewReader(bytes.TrimLeft(rest, " \t\r\n:")))
		var source string
		if read.Decode(&source) == nil && strings.HasPrefix(source, "/") {
			sources = append(sources, path.Clean(source))
		}
	}
	return sources
}

// Nested are the sources that lie below one of the others, where a container may put symlinks. Whoever is given all of the
// machine has no need to.
func Nested(sources, all []string) []string {
	var nested []string
	for _, source := range sources {
		real := settled(source)
		below := func(other string) bool {
			other = settled(other)
			return other != "/" && strings.HasPrefix(real, other+"/")
		}
		if slices.ContainsFunc(all, below) && !slices.Contains(nested, source) {
			nested = append(nested, source)
		}
	}
	return nested
}

// settled: the path of a persistent volume is a symlink of the build to where its disk is mounted.
func settled(source string) string {
	parts := strings.SplitN(source, "/", 6)
	if len(parts) < 5 || parts[1] != "containers" || parts[2] != "volumes" {
		return source
	}
	text, err := os.Readlink(path.Join("/", path.Join(parts[:5]...)))
	if err != nil {
		return source
	}
	return path.Join(append([]string{text}, parts[5:]...)...)
}

// Stage puts what is at each nested source elsewhere, where no container can change what a path leads to, and lets the
// runtime take it from there. The runtime itself would follow each symlink on the way. A container that asks for the host's
// clocks gets those that the machine has, and each gets the names of the machines in its network.
func (c *Container) Stage(nested []string, names []byte) error {
	folder := path.Join(stagesFolder, c.ID)
	c.Unstage()
	config, err := os.ReadFile(c.Bundle + "/config.json")
	if err != nil {
		return err
	}
	var clocks []clock
	if wantsClocks(config) {
		clocks = clocksOf("/sys/class/ptp")
	}
	hosts := c.hostsWith(config, names)
	if len(nested) == 0 && len(clocks) == 0 && hosts == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := refuseWritten(config, nested); err != nil {
		return err
	}
	places := map[string]string{}
	for index, source := range nested {
		place := path.Join(folder, strconv.Itoa(index))
		if err := stage(source, place); err != nil {
			c.Unstage()
			return err
		}
		places[source] = place
	}
	if len(nested) > 0 {
		config, err = withSources(config, places)
	}
	if err == nil && len(clocks) > 0 {
		config, err = withClocks(config, clocks)
	}
	if err == nil && hosts != nil {
		place := path.Join(folder, "hosts")
		if err = os.WriteFile(place, hosts, 0o644); err == nil {
			config, err = withHosts(config, place)
		}
	}
	staged := path.Join(folder, "config.json")
	if err == nil {
		err = os.WriteFile(staged, config, 0o600)
	}
	if err == nil {
		err = unix.Mount(staged, c.Bundle+"/config.json", "", unix.MS_BIND, "")
	}
	if err != nil {
		c.Unstage()
	}
	return err
}

// refuseWritten: upperdir and workdir must be in one mount, so neither can be put elsewhere.
func refuseWritten(config []byte, nested []string) error {
	for _, one := range overlaysIn(config) {
		for _, layer := range mount.Layers(one.Options) {
			if layer.Option != "lowerdir" && slices.Contains(nested, path.Clean(layer.Folder)) {
				return fmt.Errorf("mount on %s: %s=%s lies where a container may write; name a folder that no container is given", one.Destination, layer.Option, layer.Folder)
			}
		}
	}
	return nil
}

func stage(source, place string) error {
	from, err := mount.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.Mkdir(place, 0o700)
	} else {
		err = os.WriteFile(place, nil, 0o600)
	}
	if err != nil {
		return err
	}
	return unix.Mount(mount.ByDescriptor(from), place, "", unix.MS_BIND|unix.MS_REC, "")
}

// withSources replaces sources of mounts, and leaves the rest of a config.json as it is.
func withSources(config []byte, places map[string]string) ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(config, &whole); err != nil {
		return nil, err
	}
	var mounts []map[string]any
	if err := json.Unmarshal(whole["mounts"], &mounts); err != nil {
		return nil, err
	}
	for _, one := range mounts {
		if one["type"] == "overlay" {
			one["options"] = mount.WithLayers(textsOf(one["options"]), func(layer mount.Layer) string {
				return cmp.Or(places[path.Clean(layer.Folder)], layer.Folder)
			})
		}
		if source, is := one["source"].(string); is && places[path.Clean(source)] != "" {
			one["source"] = places[path.Clean(source)]
		}
	}
	text, err := json.Marshal(mounts)
	if err != nil {
		return nil, err
	}
	whole["mounts"] = text
	return json.Marshal(whole)
}

func textsOf(value any) []string {
	values, _ := value.([]any)
	var texts []string
	for _, one := range values {
		if text, is := one.(string); is {
			texts = append(texts, text)
		}
	}
	return texts
}

// Unstage takes away what Stage has put somewhere.
func (c *Container) Unstage() {
	folder := path.Join(stagesFolder, c.ID)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	_ = unix.Unmount(c.Bundle+"/config.json", unix.MNT_DETACH)
	for _, entry := range entries {
		place := path.Join(folder, entry.Name())
		_ = unix.Unmount(place, unix.MNT_DETACH)
		// what is still mounted is a folder that is not empty, or busy
		_ = os.Remove(place)
	}
	_ = os.Remove(folder)
}
