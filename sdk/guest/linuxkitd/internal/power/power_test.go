package power

import (
	"slices"
	"testing"
)

func TestWhatLiesOnDisks(t *testing.T) {
	got := onDisks("tmpfs /run tmpfs rw 0 0\n/dev/vda1 /mnt/data ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vdb /mnt/with\\040space ext4 rw 0 0\nbroken\n")
	if !slices.Equal(got, []string{"/mnt/data", "/mnt/with space"}) {
		t.Errorf("got %q", got)
	}
}
