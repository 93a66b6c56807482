package secrets

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunRefusesItsWords(t *testing.T) {
	place := t.TempDir()
	t.Setenv("SECRETS", place)
	good, bad, long := filepath.Join(place, "good"), filepath.Join(place, "bad"), filepath.Join(place, "long")
	pem, _ := newAuthority(t)
	for file, content := range map[string][]byte{good: pem, bad: []byte("x"), long: bytes.Repeat([]byte("x"), authoritiesLimit+1)} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, row := range map[string]struct {
		args    []string
		message string
	}{
		"too few words":                     {[]string{"aws", "127.0.0.1:1", "1"}, "got 3 words"},
		"no time":                           {[]string{"aws", "127.0.0.1:1", "0", good}, `got "0" seconds`},
		"another cloud":                     {[]string{"ibm", "127.0.0.1:1", "1", good}, `got the cloud "ibm"`},
		"no authorities":                    {[]string{"aws", "127.0.0.1:1", "1", place + "/none"}, "no such file"},
		"authorities that are not PEM":      {[]string{"aws", "127.0.0.1:1", "1", bad}, "has no certificate as PEM"},
		"authorities without end":           {[]string{"aws", "127.0.0.1:1", "1", long}, "longer than"},
		"an endpoint in the clear":          {[]string{"gcp", "127.0.0.1:1", "1", good, "http://a"}, `got the endpoint "http://a"`},
		"an endpoint with a path":           {[]string{"aws", "127.0.0.1:1", "1", good, "https://a/b"}, `got the endpoint "https://a/b"`},
		"an endpoint with a password":       {[]string{"aws", "127.0.0.1:1", "1", good, "https://u@a"}, `got the endpoint`},
		"a metadata service that is silent": {[]string{"gcp", "127.0.0.1:1", "0.001", good}, "secrets: the metadata server at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; tried for 0.001 s"},
	} {
		if err := Run(t.Context(), row.args); err == nil || !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: got %v, wanted %q", name, err, row.message)
		}
	}
}

func TestKeepSaysThatAFolderIsFull(t *testing.T) {
	place := t.TempDir()
	if err := os.MkdirAll(filepath.Join(place, "web", "db", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	into, err := openFolder(place, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer into.close()
	if err := into.keep("web", "db", []byte("p4ss")); err == nil || err.Error() != "secrets: web.db: its file cannot be written: a service has 1 MiB for its secrets" {
		t.Fatalf("got %v", err)
	}
}
