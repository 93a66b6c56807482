package boot

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/secretfiles"
)

// QEMU's firmware configuration has this boot's word, user data and secrets. When all is read the driver goes, so no
// container can ask it again.
const (
	firmware = "/sys/firmware/qemu_fw_cfg/by_name/opt/linuxkit"
	driver   = "qemu_fw_cfg"
	// more than QEMU is ever given
	mostFirmware = 16 << 20
)

// ReadNonce reads the word of this boot. Where QEMU has none it may be on the kernel's command line, which every
// container can read: enough only for machines whose containers are all trusted. "-" stands for no nonce.
func ReadNonce() string {
	nonce := ""
	if modules.InsertLate(driver) == nil || exists(firmware) {
		text, _ := readFirmware(filepath.Join(firmware, "nonce", "raw"))
		nonce, _, _ = strings.Cut(string(text), "\n")
	}
	if nonce == "" {
		nonce, _ = CommandLineWord("linuxkit.nonce")
	}
	if nonce == "" || strings.ContainsFunc(nonce, func(letter rune) bool { return !isNonce(letter) }) {
		return "-"
	}
	return nonce
}

func isNonce(letter rune) bool {
	return letter == '_' || letter == '-' || '0' <= letter && letter <= '9' || 'A' <= letter && letter <= 'Z' || 'a' <= letter && letter <= 'z'
}

// ReadNetwork reads the machine's place in a network of its stack, "" where it has none.
func ReadNetwork() string {
	text, _ := readFirmware(filepath.Join(firmware, "network", "raw"))
	return string(text)
}

// ReadNames reads the names of the machines in that network.
func ReadNames() []byte {
	text, _ := readFirmware(filepath.Join(firmware, "hosts", "raw"))
	return text
}

// ReadFirmware puts user data, the names of the machine and of others, and secrets where they belong.
func ReadFirmware() error {
	for _, name := range []string{"userdata", "hostname", "hosts"} {
		data, err := readFirmware(filepath.Join(firmware, name, "raw"))
		if err != nil {
			continue
		}
		if err := os.WriteFile("/run/config/"+name, data, 0o644); err != nil {
			return err
		}
	}
	blobs, _ := filepath.Glob(filepath.Join(firmware, "secrets", "*", "*", "raw"))
	for _, blob := range blobs {
		value, err := readFirmware(blob)
		if err != nil {
			return err
		}
		name := filepath.Dir(blob)
		service := filepath.Base(filepath.Dir(name))
		if err := secretfiles.Make(service); err != nil {
			return err
		}
		if err := secretfiles.Put(service, filepath.Base(name), value); err != nil {
			return err
		}
	}
	return nil
}

// RemoveFirmware takes the driver away. The kernel waits in it for all processors, so it is better not waited for at once.
func RemoveFirmware() {
	if exists("/sys/firmware/qemu_fw_cfg") {
		_ = modules.Remove(driver)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readFirmware(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, mostFirmware))
}

// CommandLineWord is the value of the last word NAME=VALUE of the kernel's command line.
func CommandLineWord(name string) (value string, found bool) {
	text, _ := os.ReadFile("/proc/cmdline")
	for word := range strings.FieldsSeq(string(text)) {
		if rest, is := strings.CutPrefix(word, name+"="); is {
			value, found = rest, true
		}
	}
	return value, found
}
