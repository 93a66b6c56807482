package apitls

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/api"
)

// authority signs certificates of a test.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	bytes, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, certificate, key}
}

func (a *authority) issue(change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	change(template)
	bytes, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{bytes}, PrivateKey: key}
}

func of(roles ...string) func(*x509.Certificate) {
	return func(template *x509.Certificate) { template.Subject.Organization = roles }
}

func writePEM(t *testing.T, path, kind string, bytes []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// served is a machine's port behind TLS, with PID 1's channels.
func served(t *testing.T, signer *authority) string {
	t.Helper()
	folder := t.TempDir()
	server := signer.issue(func(template *x509.Certificate) {
		template.DNSNames = []string{"machine"}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(folder, "certificate.pem"), "CERTIFICATE", server.Certificate[0])
	writePEM(t, filepath.Join(folder, "key.pem"), "PRIVATE KEY", key)
	writePEM(t, filepath.Join(folder, "clients.pem"), "CERTIFICATE", signer.certificate.Raw)
	config, err := readConfig(folder)
	if err != nil {
		t.Fatal(err)
	}
	channels := filepath.Join(folder, "c")
	if err := api.ServeChannels(channels, os.Getuid(), &machine{events: api.NewEvents()}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() { _ = Serve(listener, config, channels) }()
	return listener.Addr().String()
}

// machine runs any command at once, to an exit status of 0.
type machine struct{ events *api.Events }

func (m *machine) Status() api.Status        { return api.Status{Kernel: "6.1"} }
func (m *machine) Events() *api.Events       { return m.events }
func (m *machine) Log(string) (string, bool) { return "", false }
func (m *machine) Exec(context.Context, string, []string, *api.Terminal) (api.Process, error) {
	return done{}, nil
}

type done struct{}

func (done) Stdin() io.WriteCloser { return deaf{io.Discard} }
func (done) Stdout() io.Reader     { return strings.NewReader("done") }
func (done) Stderr() io.Reader     { return nil }
func (done) Resize(_, _ uint16)    {}
func (done) Wait() int             { return 0 }
func (done) Close()                {}

type deaf struct{ io.Writer }

func (deaf) Close() error { return nil }

// ask sends a request, and gives all that comes back until the stream's end, or why nothing does.
func ask(t *testing.T, address string, config *tls.Config, request string) (string, error) {
	t.Helper()
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp4", address, config)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	hello := api.Magic + strings.Repeat("x", api.HelloBytes-len(api.Magic))
	frame := "\x01\x00\x00\x00\x01\x00\x00\x00" + string(rune(len(request))) + request
	if _, err := io.WriteString(connection, hello+frame); err != nil {
		return "", err
	}
	var said strings.Builder
	for buffer := make([]byte, 4096); !strings.Contains(said.String(), `{"status":`); {
		read, err := connection.Read(buffer)
		said.Write(buffer[:read])
		if err != nil {
			return said.String(), err
		}
	}
	return said.String(), nil
}

func TestWhoIsLetIn(t *testing.T) {
	signer, stranger := newAuthority(t), newAuthority(t)
	address := served(t, signer)
	roots := x509.NewCertPool()
	roots.AddCert(signer.certificate)
	exec, status := `{"method":"exec","name":"web","command":["id"]}`, `{"method":"status"}`
	expired := signer.issue(func(template *x509.Certificate) {
		template.Subject.Organization = []string{"administrator"}
		template.NotAfter = time.Now().Add(-time.Minute)
	})
	early := signer.issue(func(template *x509.Certificate) {
		template.Subject.Organization = []string{"administrator"}
		template.NotBefore = time.Now().Add(time.Hour)
		template.NotAfter = time.Now().Add(2 * time.Hour)
	})
	forServers := signer.issue(func(template *x509.Certificate) {
		template.Subject.Organization = []string{"administrator"}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	for name, row := range map[string]struct {
		certificates []tls.Certificate
		most         uint16
		request      string
		// "" is a connection that is refused
		want string
	}{
		"an administrator runs a command":         {[]tls.Certificate{signer.issue(of("administrator"))}, 0, exec, `{"status":0}`},
		"an administrator reads":                  {[]tls.Certificate{signer.issue(of("administrator"))}, 0, status, `{"status":0}`},
		"a reader reads":                          {[]tls.Certificate{signer.issue(of("reader"))}, 0, status, `{"status":0}`},
		"a reader runs no command":                {[]tls.Certificate{signer.issue(of("reader"))}, 0, exec, `"code":"refused"`},
		"who has both roles is a reader":          {[]tls.Certificate{signer.issue(of("administrator", "reader"))}, 0, exec, `"code":"refused"`},
		"no certificate":                          {nil, 0, status, ""},
		"a certificate of another authority":      {[]tls.Certificate{stranger.issue(of("administrator"))}, 0, status, ""},
		"an expired certificate":                  {[]tls.Certificate{expired}, 0, status, ""},
		"a certificate of tomorrow":               {[]tls.Certificate{early}, 0, status, ""},
		"a certificate for servers":               {[]tls.Certificate{forServers}, 0, status, ""},
		"a certificate without a role":            {[]tls.Certificate{signer.issue(of())}, 0, status, ""},
		"a role that is none":                     {[]tls.Certificate{signer.issue(of("owner"))}, 0, status, ""},
		"an administrator with an older protocol": {[]tls.Certificate{signer.issue(of("administrator"))}, tls.VersionTLS12, status, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{RootCAs: roots, ServerName: "machine", Certificates: row.certificates, MaxVersion: row.most, MinVersion: tls.VersionTLS12}
			said, err := ask(t, address, config, row.request)
			if row.want == "" {
				if err == nil || said != "" {
					t.Errorf("got %q", said)
				}
			} else if err != nil || !strings.Contains(said, row.want) {
				t.Errorf("got %q, %v", said, err)
			}
		})
	}
}

// the attack: connections without a handshake took all that one address, and at last everybody, may have
func TestConnectionsThatProveNothingKeepNobodyOut(t *testing.T) {
	signer := newAuthority(t)
	address := served(t, signer)
	for range 2 * mostUnproved {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
	}
	roots := x509.NewCertPool()
	roots.AddCert(signer.certificate)
	config := &tls.Config{RootCAs: roots, ServerName: "machine", Certificates: []tls.Certificate{signer.issue(of("reader"))}}
	if said, err := ask(t, address, config, `{"method":"status"}`); err != nil || !strings.Contains(said, `{"status":0}`) {
		t.Errorf("got %q, %v", said, err)
	}
}

func TestAnAddressDoesNotTakeAllConnections(t *testing.T) {
	guests := newGuests()
	one, other := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 1}
	var leaves []func()
	for range mostOfOne {
		leave, welcome := guests.enter(one)
		if !welcome {
			t.Fatal("one is refused too early")
		}
		leaves = append(leaves, leave)
	}
	if _, welcome := guests.enter(one); welcome {
		t.Error("one took more than its share")
	}
	leave, welcome := guests.enter(other)
	if !welcome {
		t.Fatal("another is refused")
	}
	leave()
	for _, leave := range leaves {
		leave()
	}
	if guests.all != 0 || len(guests.of) != 0 {
		t.Errorf("got %d, %v", guests.all, guests.of)
	}
}
