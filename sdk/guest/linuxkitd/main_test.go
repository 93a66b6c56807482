package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TLS would make PID 1 half as large again, and what strangers send is not for PID 1 to read
func TestPID1HasNoTLS(t *testing.T) {
	needed, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(needed)) {
		if name = strings.TrimSpace(name); name == "crypto/tls" || name == "crypto/x509" || name == "net/http" {
			t.Errorf("it needs %s", name)
		}
	}
}
