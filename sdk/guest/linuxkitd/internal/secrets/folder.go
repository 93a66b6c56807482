package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// folder has a folder for each service that names secrets: a tmpfs of its own, 1 MiB.
type folder struct {
	root *os.Root
	log  io.Writer
}

func openFolder(place string, log io.Writer) (*folder, error) {
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return &folder{root, log}, nil
}

func (f *folder) close() { _ = f.root.Close() }

// wants reports whether a service of this machine would read the secret: no other value is asked for.
func (f *folder) wants(service, name string) (bool, error) {
	switch {
	case !isWord(name, "_.-") || name[0] == '.' || name[0] == '-':
		return false, fmt.Errorf("secrets: %s: got a name that no secret can have", shown(service, name))
	case !isWord(service, "_+-"):
		return false, fmt.Errorf("secrets: %s: got a name that no service can have", shown(service, name))
	}
	if info, err := f.root.Lstat(service); err == nil && info.IsDir() {
		return true, nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("secrets: %s.%s: %w", service, name, err)
	}
	logf(f.log, "secrets: %s.%s is passed over: no service %s of this machine names secrets", service, name, service)
	return false, nil
}

// keep makes the value the service's file, which its owner may read and no other.
func (f *folder) keep(service, name string, value []byte) error {
	file := path.Join(service, name)
	err := f.root.Remove(file)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = f.write(file, value)
	}
	if err != nil {
		_ = f.root.Remove(file)
		return fmt.Errorf("secrets: %s.%s: its file cannot be written: a service has 1 MiB for its secrets", service, name)
	}
	logf(f.log, "secrets: %s.%s is there", service, name)
	return nil
}

func (f *folder) write(file string, value []byte) error {
	target, err := f.root.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = target.Write(value)
	return errors.Join(err, target.Close())
}
