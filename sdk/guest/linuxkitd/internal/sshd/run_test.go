package sshd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// standIn writes its words where the key is wanted, as ssh-keygen writes a key, and refuses a folder that is not there.
const standIn = `#!/bin/sh
for file; do :; done
echo "$@" >"$file"
`

func TestAFolderGetsTheKeysThatItLacks(t *testing.T) {
	generator, folder := filepath.Join(t.TempDir(), "ssh-keygen"), filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(generator, []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(folder, "ssh_host_ecdsa_key")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeKeys(t.Context(), generator, folder); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(folder, "ssh_host_ed25519_key")
	if text, err := os.ReadFile(made); string(text) != "-q -t ed25519 -N  -C  -f "+made+"\n" {
		t.Errorf("got %q and %v", text, err)
	}
	if text, _ := os.ReadFile(kept); string(text) != "mine" {
		t.Errorf("the key that was there is now %q", text)
	}
}

func TestAFailureNamesTheKey(t *testing.T) {
	if err := makeKeys(t.Context(), "/bin/false", t.TempDir()); err == nil || !strings.Contains(err.Error(), "ssh_host_ed25519_key") {
		t.Errorf("got %v", err)
	}
	if err := Run(t.Context(), []string{"one", "two"}); err == nil || !strings.Contains(err.Error(), "at most a folder") {
		t.Errorf("got %v", err)
	}
}
