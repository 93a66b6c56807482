// Package power hears the power button, ends the machine, and is /sbin/poweroff and /sbin/reboot.
package power

import (
	"os"
	"path/filepath"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/modules"
)

// buttons are the names of input devices on which nothing but a power button is pressed: the ACPI one, that of an arm64
// machine in QEMU, and the keyboard of a machine without ACPI.
var buttons = []string{"Power Button", "gpio-keys", "QEMU Virtio Keyboard"}

// LoadDrivers inserts the drivers of the button and of the reader of its events.
func LoadDrivers() {
	for _, name := range []string{"evdev", "button", "virtio_input"} {
		_ = modules.InsertLate(name)
	}
}

// Watch calls pressed at a press of each button that the machine has.
func Watch(pressed func()) {
	devices, _ := filepath.Glob("/sys/class/input/event*")
	for _, device := range devices {
		name, err := os.ReadFile(device + "/device/name")
		if err != nil {
			continue
		}
		for _, button := range buttons {
			if strings.TrimSpace(string(name)) == button {
				guard.Keep("the power button", func() { await("/dev/input/"+filepath.Base(device), pressed) })
			}
		}
	}
}

// await: any event of a button is a press; one event is 24 bytes (linux/input.h).
func await(device string, pressed func()) {
	file, err := os.Open(device)
	if err != nil {
		return
	}
	defer file.Close()
	if read, err := file.Read(make([]byte, 24)); err == nil && read > 0 {
		pressed()
	}
}
