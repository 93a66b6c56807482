package health

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// mostAuthority is what the certificates of an authority may have of bytes.
const mostAuthority = 64 << 10

var begin, end = []byte("-----BEGIN CERTIFICATE-----"), []byte("-----END CERTIFICATE-----")

// ReadAuthority reads the certificates of a PEM file. A key beside them stays in the file. The file may be a service's own:
// what it is by now is looked at before it is read.
func ReadAuthority(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", errors.New("the secret of the authority cannot be opened")
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.New("the secret of the authority is no file")
	}
	text, err := io.ReadAll(io.LimitReader(file, mostAuthority+1))
	if err != nil {
		return "", errors.New("the secret of the authority cannot be read")
	}
	if len(text) > mostAuthority {
		return "", fmt.Errorf("the secret of the authority has more than %d bytes", mostAuthority)
	}
	return string(certificates(text)), nil
}

func certificates(text []byte) []byte {
	var found []byte
	for {
		from := bytes.Index(text, begin)
		if from < 0 {
			return found
		}
		text = text[from:]
		to := bytes.Index(text, end)
		if to < 0 {
			return found
		}
		to += len(end)
		found = append(append(found, text[:to]...), '\n')
		text = text[to:]
	}
}
