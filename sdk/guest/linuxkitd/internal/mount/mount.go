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
	parsed := parse(words)
	if err := mount(kind, source, parsed, destination); err != nil {
		return fmt.Errorf("mount %s on %s (%s): %w", firstOf(source, kind, "options"), destination, strings.Join(words, ","), err)
	}
	for _, propagation := range parsed.propagation {
		if err := unix.Mount("", destination, "", propagation, ""); err != nil {
			return fmt.Errorf("mount propagation of %s: %w", destination, err)
		}
	}
	return nil
}

func mount(kind, source string, parsed options, destination string) error {
	switch {
	case kind != "" && kind != "bind":
		return unix.Mount(source, destination, kind, parsed.flags, parsed.data)
	case parsed.flags&(unix.MS_REMOUNT|unix.MS_MOVE) != 0:
		return unix.Mount(source, destination, "", parsed.flags, parsed.data)
	case source != "":
		return bind(source, parsed.flags, destination)
	case len(parsed.propagation) > 0:
		return nil
	}
	return bind(destination, parsed.flags, destination)
}

// bind takes the flags of a mount in a second step, as the kernel wants it.
func bind(source string, flags uintptr, destination string) error {
	recursive := flags & unix.MS_REC
	if err := unix.Mount(source, destination, "", unix.MS_BIND|recursive, ""); err != nil {
		return err
	}
	if rest := flags &^ (unix.MS_BIND | unix.MS_REC); rest != 0 {
		return unix.Mount("", destination, "", unix.MS_BIND|unix.MS_REMOUNT|rest, "")
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
