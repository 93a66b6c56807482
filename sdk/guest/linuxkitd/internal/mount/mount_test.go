package mount

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestOptions(t *testing.T) {
	for _, row := range []struct {
		words []string
		flags uintptr
		data  string
		count int
	}{
		{nil, 0, "", 0},
		{[]string{"defaults"}, 0, "", 0},
		{[]string{"nosuid", "nodev", "size=1m", "mode=700"}, unix.MS_NOSUID | unix.MS_NODEV, "size=1m,mode=700", 0},
		{[]string{"ro", "rw"}, 0, "", 0},
		{[]string{"rw", "ro"}, unix.MS_RDONLY, "", 0},
		{[]string{"rbind", "ro", "rprivate"}, unix.MS_BIND | unix.MS_REC | unix.MS_RDONLY, "", 1},
		{[]string{"remount", "private"}, unix.MS_REMOUNT, "", 1},
		{[]string{"lowerdir=/a:/b", "upperdir=/c"}, 0, "lowerdir=/a:/b,upperdir=/c", 0},
		{[]string{"", "noexec"}, unix.MS_NOEXEC, "", 0},
	} {
		got := parse(row.words)
		if got.flags != row.flags || got.data != row.data || len(got.propagation) != row.count {
			t.Errorf("%q: got %+v", row.words, got)
		}
	}
}
