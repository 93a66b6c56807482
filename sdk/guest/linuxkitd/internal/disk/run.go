package disk

import (
	"context"
	"fmt"
	"math"
	"strconv"
)

// RunFormat makes an ext4 filesystem on an empty disk unless there is one with the label:
//
//	format LABEL WANTED PARTITIONED UID:GID SECONDS
//
// WANTED is `/dev/…`, `serial:…` or empty for the only empty disk; PARTITIONED is 1 or 0.
func RunFormat(ctx context.Context, args []string) error {
	return newMachine().runFormat(ctx, args)
}

// RunExtend grows the partition and the filesystem with the label to what their disk has: `extend LABEL SECONDS`.
func RunExtend(ctx context.Context, args []string) error {
	return newMachine().runExtend(ctx, args)
}

// RunMount mounts a disk: `mount WHAT PATH TYPE OPTIONS SECONDS`; WHAT is a device or `LABEL=…`.
func RunMount(ctx context.Context, args []string) error {
	return newMachine().runMount(ctx, args)
}

// RunDisk formats, extends and mounts in one: `disk LABEL WANTED PARTITIONED UID:GID SECONDS PATH OPTIONS`.
func RunDisk(ctx context.Context, args []string) error {
	return newMachine().runDisk(ctx, args)
}

func (m *machine) runFormat(ctx context.Context, args []string) error {
	if err := wantWords("format", args, 5); err != nil {
		return err
	}
	given, err := parseFormatting(args)
	if err == nil {
		err = m.format(ctx, given)
	}
	return named("format", err)
}

func (m *machine) runExtend(ctx context.Context, args []string) error {
	if err := wantWords("extend", args, 2); err != nil {
		return err
	}
	seconds, err := parseSeconds(args[1])
	if err == nil {
		err = m.extend(ctx, args[0], seconds)
	}
	return named("extend", err)
}

func (m *machine) runMount(ctx context.Context, args []string) error {
	if err := wantWords("mount", args, 5); err != nil {
		return err
	}
	given, err := parseMounting(args)
	if err == nil {
		err = m.mountWhen(ctx, given)
	}
	return named("mount", err)
}

func (m *machine) runDisk(ctx context.Context, args []string) error {
	if err := wantWords("disk", args, 7); err != nil {
		return err
	}
	label, seconds := args[0], args[4]
	if err := m.runFormat(ctx, args[:5]); err != nil {
		return err
	}
	if err := m.runExtend(ctx, []string{label, seconds}); err != nil {
		return err
	}
	return m.runMount(ctx, []string{"LABEL=" + label, args[5], "ext4", args[6], seconds})
}

func wantWords(task string, args []string, count int) error {
	if len(args) != count {
		return fmt.Errorf("%s: got %d words, wanted %d", task, len(args), count)
	}
	return nil
}

func named(task string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", task, err)
	}
	return nil
}

// parseSeconds reads seconds, of which a part counts as a whole one.
func parseSeconds(word string) (int, error) {
	seconds, err := strconv.ParseFloat(word, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e9) {
		return 0, fmt.Errorf("got %q seconds, wanted a number", word)
	}
	return int(math.Ceil(seconds)), nil
}
