package boot

import "golang.org/x/sys/unix"

// RandomIsReady is whether the kernel gives good random numbers at once (getrandom(2)).
func RandomIsReady() bool {
	_, err := unix.Getrandom(make([]byte, 1), unix.GRND_NONBLOCK)
	return err == nil
}
