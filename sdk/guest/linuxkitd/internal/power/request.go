package power

import "golang.org/x/sys/unix"

// Request asks PID 1 for the end of the machine: what the kernel's orderly_poweroff starts as /sbin/poweroff, and
// /sbin/reboot.
func Request(program string) error {
	signal := unix.SIGUSR2
	if program == "reboot" {
		signal = unix.SIGTERM
	}
	return unix.Kill(1, signal)
}
