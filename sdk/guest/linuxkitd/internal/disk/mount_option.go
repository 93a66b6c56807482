package disk

import (
	"strings"

	"golang.org/x/sys/unix"
)

// mountFlags are the options that are the kernel's flags: what each sets and what it clears. Source: mount(2), mount(8).
var mountFlags = map[string]struct{ set, clear uintptr }{
	"defaults": {}, "rw": {0, unix.MS_RDONLY}, "ro": {unix.MS_RDONLY, 0},
	"suid": {0, unix.MS_NOSUID}, "nosuid": {unix.MS_NOSUID, 0},
	"dev": {0, unix.MS_NODEV}, "nodev": {unix.MS_NODEV, 0},
	"exec": {0, unix.MS_NOEXEC}, "noexec": {unix.MS_NOEXEC, 0},
	"async": {0, unix.MS_SYNCHRONOUS}, "sync": {unix.MS_SYNCHRONOUS, 0}, "dirsync": {unix.MS_DIRSYNC, 0},
	"atime": {0, unix.MS_NOATIME}, "noatime": {unix.MS_NOATIME, 0},
	"diratime": {0, unix.MS_NODIRATIME}, "nodiratime": {unix.MS_NODIRATIME, 0},
	"relatime": {unix.MS_RELATIME, 0}, "norelatime": {0, unix.MS_RELATIME},
	"strictatime": {unix.MS_STRICTATIME, 0}, "nostrictatime": {0, unix.MS_STRICTATIME},
	"lazytime": {unix.MS_LAZYTIME, 0}, "nolazytime": {0, unix.MS_LAZYTIME},
	"mand": {unix.MS_MANDLOCK, 0}, "nomand": {0, unix.MS_MANDLOCK},
	"iversion": {unix.MS_I_VERSION, 0}, "noiversion": {0, unix.MS_I_VERSION},
	"silent": {unix.MS_SILENT, 0}, "loud": {0, unix.MS_SILENT},
	"nosymfollow": {unix.MS_NOSYMFOLLOW, 0}, "symfollow": {0, unix.MS_NOSYMFOLLOW},
	// of fstab(5): they say something to other programs
	"auto": {}, "noauto": {}, "nofail": {}, "_netdev": {}, "user": {}, "nouser": {}, "users": {},
}

// mountOptions are the kernel's flags for options, and the rest, which are the filesystem's own.
func mountOptions(options []string) (flags uintptr, data string) {
	var own []string
	for _, option := range options {
		if flag, isFlag := mountFlags[option]; isFlag {
			flags = flags&^flag.clear | flag.set
		} else if option != "" {
			own = append(own, option)
		}
	}
	return flags, strings.Join(own, ",")
}
