package volumes

import "testing"

func TestVolumesHoldHalfOfTheMemoryTogether(t *testing.T) {
	for count, want := range map[int]string{0: "50%", 1: "50%", 2: "25%", 3: "16%", 50: "1%", 200: "1%"} {
		if got := sizeOf(count); got != want {
			t.Errorf("%d: got %s, wanted %s", count, got, want)
		}
	}
}
