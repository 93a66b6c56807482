package disk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// format sees to it that there is an ext4 filesystem with the label. A disk that holds anything is left as it is.
func (m *machine) format(ctx context.Context, f formatting) error {
	chosen, err := m.choose(ctx, f)
	if err != nil || chosen == "" {
		return err
	}
	if disk, number := m.parent(chosen); number == "" && f.partitioned {
		if chosen, err = m.partition(ctx, f, disk); err != nil {
			return err
		}
	}
	if err := m.runAlone(chosen, "", "mke2fs", "-q", "-F", "-t", "ext4", "-L", f.label, "-E", "root_owner="+f.owner, m.device(chosen)); err != nil {
		return fmt.Errorf("%s could not be formatted: %w", chosen, err)
	}
	if disk, number := m.parent(chosen); number != "" && m.isNamed(chosen, f.mark()) {
		if err := m.runAlone(disk, "", "sfdisk", "-q", "--part-label", m.device(disk), number, f.label); err != nil {
			return fmt.Errorf("partition %s of %s could not be named: %w", number, disk, err)
		}
		if err := m.awaitNode(ctx, chosen); err != nil {
			return err
		}
	}
	fmt.Fprintf(m.log, "format: %s has the label %s now\n", chosen, f.label)
	return nil
}

// choose waits for the device to format; empty where the label is there already.
func (m *machine) choose(ctx context.Context, f formatting) (string, error) {
	before := ""
	for left := f.seconds; ; left-- {
		has, err := m.findLabel(f.label)
		if err != nil {
			return "", err
		}
		if has != "" {
			return "", m.isRight(f, has)
		}
		if unfinished := m.findUnfinished(f.mark()); unfinished != "" {
			return unfinished, nil
		}
		chosen, others, err := m.candidate(f)
		if err != nil {
			return "", err
		}
		// an empty disk that is not named is taken at the second look: the one with the label may be a moment late
		if chosen != "" && (f.isNamed() || chosen == before) {
			return chosen, nil
		}
		before = chosen
		if left <= 0 {
			return "", m.absent(f, others)
		}
		if err := m.sleep(ctx, m.second); err != nil {
			return "", err
		}
	}
}

// isRight says whether the device with the label is on the disk that is named.
func (m *machine) isRight(f formatting, has string) error {
	disk, _ := m.parent(has)
	if named := m.findNamed(f); named != "" && named != has && named != disk {
		return fmt.Errorf("%s has the label %s, and the disk that is named for it is %s: detach one of them, or name the other", has, f.label, named)
	}
	fmt.Fprintf(m.log, "format: %s has the label %s\n", has, f.label)
	return nil
}

// findNamed is the device that was named and is there, or empty.
func (m *machine) findNamed(f formatting) string {
	switch {
	case f.serial != "":
		return m.findSerial(m.knownSerial(f.serial))
	case f.device != "":
		path := filepath.Join(m.dev, strings.TrimPrefix(f.device, "/dev/"))
		if !m.isBlock(path) {
			return ""
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Base(real)
		}
	}
	return ""
}

func (m *machine) candidate(f formatting) (chosen, others string, err error) {
	if !f.isNamed() {
		return m.findEmpty(f.label)
	}
	chosen = m.findNamed(f)
	if chosen == "" {
		return "", "", nil
	}
	if held := m.holds(chosen); held != "" {
		return "", "", fmt.Errorf("%s holds %s, and no filesystem with the label %s: it was left as it is. Name another disk, or clear this one by hand (wipefs --all on every partition, then on the disk)", chosen, held, f.label)
	}
	return chosen, "", nil
}

// absent is why there is no device to format.
func (m *machine) absent(f formatting, others string) error {
	there := strings.Join(m.names("block"), " ")
	switch {
	case f.device != "":
		return fmt.Errorf("there is no %s for %s; there are: %s", f.device, f.label, there)
	case f.serial != "":
		return fmt.Errorf("there is no disk with the serial %s for %s; there are: %s", m.knownSerial(f.serial), f.label, there)
	case others == "":
		others = "; there is no disk at all"
	}
	return errors.New("there is no filesystem with the label " + f.label + ", and no empty disk to make it on" + others)
}

// partition makes a GPT with one partition, which says by its name that its filesystem is not whole yet.
func (m *machine) partition(ctx context.Context, f formatting, disk string) (string, error) {
	table := fmt.Sprintf("label: gpt\nstart=1MiB, type=linux, name=%q\n", f.mark())
	if err := m.runAlone(disk, table, "sfdisk", "-q", m.device(disk)); err != nil {
		return "", fmt.Errorf("%s could not be partitioned: %w", disk, err)
	}
	made := ""
	if err := m.await(ctx, func() bool { made = m.findUnfinished(f.mark()); return made != "" }); err != nil {
		return "", fmt.Errorf("the kernel does not show the new partition of %s", disk)
	}
	return made, m.awaitNode(ctx, made)
}
