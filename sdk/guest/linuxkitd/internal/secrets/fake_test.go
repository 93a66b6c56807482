package secrets

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"io/fs"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// cloud is a metadata service and a service of secrets, on loopback.
type cloud struct {
	mutex    sync.Mutex
	metadata map[string]string
	header   [2]string
	asked    []string
	// dialled are the names that were connected to, as HOST:PORT.
	dialled []string
	secure  *httptest.Server
	plain   *httptest.Server
	// certificate is its own authority, as PEM.
	certificate []byte
}

// newCloud serves the metadata of a map by path and query. A PUT of AWS's token answers with the header's value.
func newCloud(t *testing.T, header [2]string, metadata map[string]string, secrets http.HandlerFunc) *cloud {
	t.Helper()
	c := &cloud{metadata: metadata, header: header}
	c.plain = httptest.NewServer(http.HandlerFunc(c.serveMetadata))
	c.secure = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.note(r)
		secrets(w, r)
	}))
	c.certificate, c.secure.TLS = newAuthority(t)
	// a failed handshake is what some tests want
	c.secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.secure.StartTLS()
	t.Cleanup(func() { c.plain.Close(); c.secure.Close() })
	return c
}

func (c *cloud) note(r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.asked = append(c.asked, r.Method+" "+r.URL.String())
}

func (c *cloud) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") != "" {
		_, _ = w.Write([]byte(c.header[1]))
		return
	}
	if r.Method != http.MethodGet || r.Header.Get(c.header[0]) != c.header[1] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, found := c.metadata[r.URL.String()]
	if !found {
		http.NotFound(w, r)
		return
	}
	if status, refused := strings.CutPrefix(body, "400 "); refused {
		w.WriteHeader(http.StatusBadRequest)
		body = status
	}
	_, _ = w.Write([]byte(body))
}

func (c *cloud) authority() []byte {
	return c.certificate
}

func (c *cloud) url() string { return c.secure.URL }

// newAuthority is a certificate for loopback and for vaults, which signs itself.
func newAuthority(t *testing.T) ([]byte, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames: []string{"*.vault.azure.net", "*.vault.azure.cn", "*.vault.usgovcloudapi.net", "*.us-east-1.amazonaws.com", "secretmanager.googleapis.com", "secretmanager.europe-west3.rep.googleapis.com"},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
}

// requestOf is the part of a request that AWS signs, as the server sees it.
func requestOf(r *http.Request, body []byte) http1.Request {
	return http1.Request{
		Method: r.Method, Address: r.Host, Path: r.URL.Path, Body: body,
		Headers: []http1.Header{{Name: "Content-Type", Value: "application/x-amz-json-1.1"}, {Name: "X-Amz-Target", Value: r.Header.Get("X-Amz-Target")}},
	}
}

// outcome is what a run said and left.
type outcome struct {
	files map[string]string
	modes map[string]fs.FileMode
	log   string
	err   error
}

func run(t *testing.T, name string, c *cloud, authority []byte, own []string, within time.Duration, services ...string) outcome {
	t.Helper()
	place := t.TempDir()
	bundle := filepath.Join(t.TempDir(), "authorities")
	if err := os.WriteFile(bundle, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		if err := os.Mkdir(filepath.Join(place, service), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	into, err := openFolder(place, &said)
	if err != nil {
		t.Fatal(err)
	}
	defer into.close()
	web, err := newWeb(bundle)
	if err != nil {
		t.Fatal(err)
	}
	// names of clouds lead to the fake
	web.dial = func(ctx context.Context, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); net.ParseIP(host) == nil {
			c.dialled = append(c.dialled, address)
			address = c.secure.Listener.Addr().String()
		}
		return dialTCP(ctx, address)
	}
	o := outcome{files: map[string]string{}, modes: map[string]fs.FileMode{}}
	o.err = fetch(t.Context(), name, own, &task{
		metadata: c.plain.Listener.Addr().String(), web: web, into: into,
		trial: trial{seconds: "1", deadline: time.Now().Add(within), pause: 5 * time.Millisecond},
	})
	o.log = said.String()
	if err := filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		short, _ := filepath.Rel(place, path)
		o.files[short] = string(content)
		if info, statErr := entry.Info(); statErr == nil {
			o.modes[short] = info.Mode().Perm()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return o
}

// mustSay checks a failure's message, and that no secret is part of it or of the log.
func (o outcome) mustSay(t *testing.T, name, message string) {
	t.Helper()
	if o.err == nil || !strings.Contains(o.err.Error(), message) {
		t.Errorf("%s: got %v, wanted %q", name, o.err, message)
	}
	if o.err != nil && strings.Contains(o.err.Error()+o.log, "p4ss") {
		t.Errorf("%s: a secret is shown: %v", name, o.err)
	}
}
