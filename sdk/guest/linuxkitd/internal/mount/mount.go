package mount

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// At mounts source on the folder destination, which it makes where it is missing.
//
//   - With a type other than "bind" it is a new filesystem.
//   - With a source and no type it is a bind, unless the options say "remount" or "move".
//   - With no source the options change what is mounted at destination.
func At(kind, source string, words []string, destination string) error {
	if err := os.MkdirAll(destination, 0o755); err != nil {
		return err
	}
	return asked{kind, source, parse(words)}.on(destination, strings.Join(words, ","), func(name string, do func(string) error) error { return do(name) })
}

// Asked is At for what a definition asks for, whose paths may lie where a container writes: see reach.
func Asked(kind, source string, words []string, destination string) error {
	place, err := MakeFolder(destination)
	if err != nil {
		return err
	}
	place.Close()
	return reached(kind, source, words, destination, opened)
}

// reached mounts what a definition asks for. The folders of an overlay are options, which the kernel itself would follow.
func reached(kind, source string, words []string, destination string, reach func(name string, do func(string) error) error) error {
	said := strings.Join(words, ",")
	if kind == "overlay" {
		opened, done, err := openLayers(words)
		if err != nil {
			return fmt.Errorf("mount overlay on %s (%s): %w", destination, said, err)
		}
		defer done()
		words = opened
	}
	return asked{kind, source, parse(words)}.on(destination, said, reach)
}

// AskedInside is At for a place in a container's root filesystem, whose symlinks do not lead out of it.
func AskedInside(kind, source string, words []string, root, destination string) error {
	return reached(kind, source, words, destination, func(name string, do func(string) error) error {
		if name != destination {
			return opened(name, do)
		}
		// once more for each step: a descriptor from before a mount is of what lies below it
		place, err := MakeInside(root, name)
		if err != nil {
			return err
		}
		defer place.Close()
		return do(ByDescriptor(place))
	})
}

// opened calls do with a path that leads to what name led to a moment ago.
func opened(name string, do func(string) error) error {
	file, err := Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return do(ByDescriptor(file))
}

type asked struct {
	kind, source string
	options
}

func (a asked) on(destination, words string, reach func(name string, do func(string) error) error) error {
	failed := func(what string, err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%s of %s (%s): %w", what, destination, words, err)
	}
	if err := a.mount(destination, reach); err != nil {
		return fmt.Errorf("mount %s on %s (%s): %w", firstOf(a.source, a.kind, "options"), destination, words, err)
	}
	for _, propagation := range a.propagation {
		err := reach(destination, func(place string) error { return unix.Mount("", place, "", propagation, "") })
		if err != nil {
			return failed("mount propagation", err)
		}
	}
	return nil
}

func (a asked) mount(destination string, reach func(name string, do func(string) error) error) error {
	switch {
	case a.kind != "" && a.kind != "bind", a.flags&(unix.MS_REMOUNT|unix.MS_MOVE) != 0:
		kind := a.kind
		if kind == "bind" {
			kind = ""
		}
		return reach(destination, func(place string) error { return unix.Mount(a.source, place, kind, a.flags, a.data) })
	case a.source != "":
		return bind(a.source, a.flags, destination, reach)
	case len(a.propagation) > 0:
		return nil
	}
	return bind(destination, a.flags, destination, reach)
}

// bind takes the flags of a mount in a second step, as the kernel wants it.
func bind(source string, flags uintptr, destination string, reach func(name string, do func(string) error) error) error {
	recursive := flags & unix.MS_REC
	err := reach(source, func(from string) error {
		return reach(destination, func(place string) error { return unix.Mount(from, place, "", unix.MS_BIND|recursive, "") })
	})
	if err != nil {
		return err
	}
	if rest := flags &^ (unix.MS_BIND | unix.MS_REC); rest != 0 {
		return reach(destination, func(place string) error { return unix.Mount("", place, "", unix.MS_BIND|unix.MS_REMOUNT|rest, "") })
	}
	return nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// Bind shows one folder at another.
func Bind(source, destination string) error { return At("", source, []string{"bind"}, destination) }

// Rebind changes the flags of a bind that is there: "ro", "rw".
func Rebind(destination string, words ...string) error {
	return At("", "", append([]string{"remount", "bind"}, words...), destination)
}

// Overlay puts memory over lower that may be written, in tmp, and shows both at folder. What is written belongs to whom
// lower does, which may be a container's own root. size is its most, in bytes or as a part of the memory: "25%".
func Overlay(lower, tmp, folder, size string) error {
	if err := At("tmpfs", "tmpfs", []string{"size=" + size}, tmp); err != nil {
		return err
	}
	upper, work := tmp+"/upper", tmp+"/work"
	for _, made := range []string{upper, work} {
		if err := os.Mkdir(made, 0o755); err != nil {
			return err
		}
	}
	var owner unix.Stat_t
	if err := unix.Stat(lower, &owner); err != nil {
		return err
	}
	if err := os.Chown(upper, int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	return At("overlay", "overlay", []string{"lowerdir=" + lower, "upperdir=" + upper, "workdir=" + work}, folder)
}
