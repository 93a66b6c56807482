package container

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// clocksAnnotation asks for the host's own clocks as devices, those that the machine has. No rule of the build can name them:
// the kernel numbers these devices as it finds them.
const clocksAnnotation = "pulumi-linuxkit.host-clocks"

// hostClocks are a container's names of the clocks that hypervisors give, by the kernel's (drivers/hv/hv_util.c,
// drivers/ptp/ptp_kvm_common.c). They are those of systemd's udev rules. Network cards have such devices too, which nothing sets.
var hostClocks = map[string]string{"hyperv": "/dev/ptp_hyperv", "KVM virtual PTP": "/dev/ptp_kvm"}

// clock is a device node, as the runtime specification has it.
type clock struct {
	Path     string `json:"path"`
	Type     string `json:"type"`
	Major    uint32 `json:"major"`
	Minor    uint32 `json:"minor"`
	FileMode uint32 `json:"fileMode"`
}

// clockRule lets a device be read: chronyd opens it so, and no more is needed to ask for the time.
type clockRule struct {
	Allow  bool   `json:"allow"`
	Type   string `json:"type"`
	Major  uint32 `json:"major"`
	Minor  uint32 `json:"minor"`
	Access string `json:"access"`
}

// wantsClocks searches for the annotation: each boot does it for every container.
func wantsClocks(config []byte) bool { return bytes.Contains(config, []byte(`"`+clocksAnnotation+`"`)) }

// clocksOf are the host's clocks that a folder lists as /sys/class/ptp does.
func clocksOf(folder string) []clock {
	var clocks []clock
	names, _ := filepath.Glob(filepath.Join(folder, "*", "clock_name"))
	for _, name := range names {
		text, err := os.ReadFile(name)
		place, is := hostClocks[strings.TrimSpace(string(text))]
		if err != nil || !is {
			continue
		}
		number, err := os.ReadFile(path.Join(path.Dir(name), "dev"))
		if err != nil {
			continue
		}
		left, right, _ := strings.Cut(strings.TrimSpace(string(number)), ":")
		major, err := strconv.ParseUint(left, 10, 32)
		minor, other := strconv.ParseUint(right, 10, 32)
		if err == nil && other == nil {
			clocks = append(clocks, clock{place, "c", uint32(major), uint32(minor), unix.S_IRUSR})
		}
	}
	return clocks
}

// withClocks adds devices to a config.json, and leaves the rest of it as it is.
func withClocks(config []byte, clocks []clock) ([]byte, error) {
	var whole, linux, resources map[string]json.RawMessage
	if err := json.Unmarshal(config, &whole); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(whole["linux"], &linux); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(linux["resources"], &resources); err != nil {
		return nil, err
	}
	rules := make([]clockRule, 0, len(clocks))
	for _, one := range clocks {
		rules = append(rules, clockRule{true, one.Type, one.Major, one.Minor, "r"})
	}
	if err := appendTo(linux, "devices", clocks); err != nil {
		return nil, err
	}
	// the last rule that fits decides, so that these come after the one that denies all
	if err := appendTo(resources, "devices", rules); err != nil {
		return nil, err
	}
	if err := put(linux, "resources", resources); err != nil {
		return nil, err
	}
	if err := put(whole, "linux", linux); err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}

func appendTo[Item any](object map[string]json.RawMessage, name string, items []Item) error {
	var list []json.RawMessage
	if given := object[name]; given != nil {
		if err := json.Unmarshal(given, &list); err != nil {
			return err
		}
	}
	for _, item := range items {
		text, err := json.Marshal(item)
		if err != nil {
			return err
		}
		list = append(list, text)
	}
	return put(object, name, list)
}

func put(object map[string]json.RawMessage, name string, value any) error {
	text, err := json.Marshal(value)
	object[name] = text
	return err
}
