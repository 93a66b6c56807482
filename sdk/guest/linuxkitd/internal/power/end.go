package power

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// Off is how the machine ends.
type Off string

// PowerOff and Reboot are the two ends.
const (
	PowerOff Off = "poweroff"
	Reboot   Off = "reboot"
)

// KillAll ends every process but PID 1.
func KillAll() { _ = unix.Kill(-1, unix.SIGKILL) }

// UnmountDisks unmounts what lies on disks, the last mounted first; what is in use becomes read-only.
func UnmountDisks() {
	unix.Sync()
	text, _ := os.ReadFile("/proc/mounts")
	folders := onDisks(string(text))
	for at := len(folders) - 1; at >= 0; at-- {
		if unmount(folders[at]) != nil {
			_ = unix.Mount("", folders[at], "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
		}
	}
}

// unmount waits a moment for processes that were killed just now.
func unmount(folder string) error {
	var err error
	for range 20 {
		if err = unix.Unmount(folder, 0); err != unix.EBUSY {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func onDisks(mounts string) []string {
	var folders []string
	for line := range strings.Lines(mounts) {
		if words := strings.Fields(line); len(words) > 1 && strings.HasPrefix(words[0], "/dev/") {
			folders = append(folders, unescape.Replace(words[1]))
		}
	}
	return folders
}

// unescape undoes what proc(5) says of /proc/mounts.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mostSync is what the last bytes may take to a disk, which may not answer any more.
const mostSync = 20 * time.Second

// End ends the machine. It comes back only where the kernel refuses.
func End(off Off) error {
	synced := make(chan struct{})
	guard.Go("the last bytes", func() {
		defer close(synced)
		unix.Sync()
	})
	select {
	case <-synced:
	case <-time.After(mostSync):
	}
	if off == Reboot {
		return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	}
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}
