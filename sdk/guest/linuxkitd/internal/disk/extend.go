package disk

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// tailSectors is what may be left behind the last partition: the table's second copy has 33 sectors, and
// partitions begin at whole MiB.
const tailSectors = 4096

// extend grows the partition with a label to its disk's end, when it is the last one, and its filesystem with it.
func (m *machine) extend(ctx context.Context, label string, seconds int) error {
	device := ""
	for left := seconds; ; left-- {
		found, err := m.findLabel(label)
		if err != nil {
			return err
		}
		if found != "" {
			device = found
			break
		}
		if left <= 0 {
			return fmt.Errorf("there is no filesystem with the label %s", label)
		}
		if err := m.sleep(ctx, m.second); err != nil {
			return err
		}
	}
	if err := m.growPartition(ctx, device); err != nil {
		return err
	}
	if err := m.check(device); err != nil {
		return err
	}
	ext, ok := m.ext(device)
	if !ok || ext.Blocks >= m.sectors(device)/(ext.BlockSize/512) {
		return nil
	}
	// a filesystem that is mounted grows step by step under its journal: power may fail at any moment
	if err := m.alone(device, func() error { return m.growMounted(m.device(device)) }); err != nil {
		return fmt.Errorf("the filesystem on %s could not be grown: %w", device, err)
	}
	return nil
}

func (m *machine) growPartition(ctx context.Context, device string) error {
	disk, number := m.parent(device)
	if number == "" {
		return nil
	}
	sectors, size := m.sectors(disk), m.sectors(device)
	begin := m.number("class/block", device, "start")
	for _, partition := range m.partitions(disk) {
		if m.number("class/block", partition, "start") > begin {
			return nil
		}
	}
	if sectors < begin+size || sectors-begin-size <= tailSectors {
		return nil
	}
	if table, _ := m.run("", "sfdisk", "-d", m.device(disk)); strings.Contains(table.out, "label: gpt") {
		if err := m.runAlone(disk, "", "sfdisk", "-q", "--relocate", "gpt-bak-std", m.device(disk)); err != nil {
			return fmt.Errorf("the partition table of %s could not be moved to its end: %w", disk, err)
		}
	}
	if err := m.runAlone(disk, ", +\n", "sfdisk", "-q", "-N", number, m.device(disk)); err != nil {
		return fmt.Errorf("%s could not be grown: %w", device, err)
	}
	if err := m.awaitNode(ctx, device); err != nil {
		return err
	}
	fmt.Fprintf(m.log, "extend: %s grew from %d to %d MiB\n", device, size/2048, m.sectors(device)/2048)
	return nil
}

// check mends what a sudden end of the machine has left. From 4 on e2fsck's status is a failure.
func (m *machine) check(device string) error {
	err := m.runAlone(device, "", "e2fsck", "-p", m.device(device))
	var ended *exec.ExitError
	if err == nil || (errors.As(err, &ended) && ended.ExitCode() >= 0 && ended.ExitCode() < 4) {
		return nil
	}
	return fmt.Errorf("the filesystem on %s is damaged beyond what may be mended without asking: e2fsck: %w", device, err)
}
