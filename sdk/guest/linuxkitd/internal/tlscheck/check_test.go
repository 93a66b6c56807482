package tlscheck

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

	"pulumi-linuxkit/linuxkitd/internal/health"
)

// authority signs certificates for servers.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	made := &authority{}
	var der []byte
	der, made.key = sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	made.certificate, _ = x509.ParseCertificate(der)
	made.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return made
}

func sign(t *testing.T, template *x509.Certificate, by *authority) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func (a *authority) server(t *testing.T, template *x509.Certificate) *tls.Config {
	t.Helper()
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, key := sign(t, template, a)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// listen answers each connection by a function, and gives its port.
func listen(t *testing.T, answer func(net.Conn)) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				answer(connection)
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func overTLS(config *tls.Config, answer string) func(net.Conn) {
	return func(connection net.Conn) {
		server := tls.Server(connection, config)
		if _, err := server.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(server, answer)
		}
	}
}

// running gives PID 1's end, with the program at the other.
func running(t *testing.T) *health.Askers {
	t.Helper()
	folder, err := os.MkdirTemp("", "tls")
	if err != nil {
		t.Fatal(err)
	}
	askers, err := health.ListenAskers(folder, os.Getuid())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, filepath.Join(folder, health.SocketName)) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		os.RemoveAll(folder)
	})
	return askers
}

func TestAServiceIsAskedOverTLS(t *testing.T) {
	ours, other := newAuthority(t, "ours"), newAuthority(t, "ours")
	const ok = "HTTP/1.1 200 OK\r\n\r\n"
	named := func() *x509.Certificate { return &x509.Certificate{DNSNames: []string{"localhost"}} }
	dated := func(from, to time.Time) *x509.Certificate {
		return &x509.Certificate{DNSNames: []string{"localhost"}, NotBefore: from, NotAfter: to}
	}
	now := time.Now()
	demanding := ours.server(t, named())
	demanding.ClientAuth = tls.RequireAnyClientCert
	old := ours.server(t, named())
	old.MaxVersion = tls.VersionTLS11
	second := ours.server(t, named())
	second.NextProtos = []string{"other"}
	many := make([]string, 40)
	for index := range many {
		many[index] = strings.Repeat("a", 60) + "." + strings.Repeat("b", index+1) + ".example"
	}
	for name, row := range map[string]struct {
		answer func(net.Conn)
		host   string
		why    string
	}{
		"as wanted":                 {overTLS(ours.server(t, named()), ok), "localhost", ""},
		"TLS 1.2":                   {overTLS(&tls.Config{Certificates: ours.server(t, named()).Certificates, MaxVersion: tls.VersionTLS12}, ok), "localhost", ""},
		"an address":                {overTLS(ours.server(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}), ok), "10.0.0.1", ""},
		"another name":              {overTLS(ours.server(t, &x509.Certificate{DNSNames: []string{"kubernetes"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}), ok), "localhost", `its certificate is for "kubernetes", 10.0.0.1, wanted "localhost"`},
		"names without end":         {overTLS(ours.server(t, &x509.Certificate{DNSNames: many}), ok), "localhost", `and 36 more, wanted "localhost"`},
		"a common name alone":       {overTLS(ours.server(t, &x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}}), ok), "localhost", "for no host: it has no subjectAltName"},
		"an authority of that name": {overTLS(other.server(t, named()), ok), "localhost", `its certificate is signed by another authority: its issuer is "ours"`},
		"expired":                   {overTLS(ours.server(t, dated(now.Add(-48*time.Hour), now.Add(-24*time.Hour))), ok), "localhost", "its certificate expired on " + now.Add(-24*time.Hour).UTC().Format("2006-01-02")},
		"not valid yet":             {overTLS(ours.server(t, dated(now.Add(24*time.Hour), now.Add(48*time.Hour))), ok), "localhost", "is not valid before " + now.Add(24*time.Hour).UTC().Format("2006-01-02")},
		"500":                       {overTLS(ours.server(t, named()), "HTTP/1.1 500 No\r\n\r\n"), "localhost", "it answered with status 500, not 200"},
		"no HTTP":                   {overTLS(ours.server(t, named()), "a secret of the service\r\n\r\n"), "localhost", "the answer is no HTTP"},
		"no TLS": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = c.Read(make([]byte, 4096))
		}, "localhost", "the answer is no TLS"},
		"a client's certificate":    {overTLS(demanding, ok), "localhost", "it refused the connection: tls: certificate required"},
		"TLS 1.1":                   {overTLS(old, ok), "localhost", "it refused the connection: tls: protocol version not supported"},
		"another protocol":          {overTLS(second, ok), "localhost", "it refused the connection: tls: no application protocol"},
		"a connection that is shut": {func(net.Conn) {}, "localhost", "it closed the connection"},
		"nothing before the end":    {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "localhost", "no answer within 1 s"},
		"a head without end":        {overTLS(ours.server(t, named()), "HTTP/1.1 103 Early\r\n"+strings.Repeat("x: y\r\n", 20_000)), "localhost", "the answer is no HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := listen(t, row.answer)
			err := running(t).HTTPS(nil, port, health.Question{Host: row.host, Name: row.host, Path: "/livez", Status: 200, Authority: ours.pem}, time.Second)
			switch {
			case row.why == "" && err != nil:
				t.Error(err)
			case row.why != "" && (err == nil || !strings.Contains(err.Error(), row.why) || len(err.Error()) > 600):
				t.Errorf("got %v, wanted %s", err, row.why)
			}
		})
	}
}

func TestAnAuthorityWithoutACertificateIsSaid(t *testing.T) {
	port := listen(t, func(net.Conn) {})
	err := running(t).HTTPS(nil, port, health.Question{Name: "localhost", Path: "/", Status: 200, Authority: "no"}, time.Second)
	if err == nil || !strings.Contains(err.Error(), "the authority has no certificate") {
		t.Errorf("got %v", err)
	}
}

// with a fixed number at once, services that hang would make the others unhealthy
func TestNoCheckWaitsForAnother(t *testing.T) {
	ours := newAuthority(t, "ours")
	askers := running(t)
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	question := health.Question{Host: "localhost", Name: "localhost", Path: "/", Status: 200, Authority: ours.pem}
	over := make(chan error, 20)
	for range cap(over) {
		go func() { over <- askers.HTTPS(nil, silent, question, 5*time.Second) }()
	}
	port := listen(t, overTLS(ours.server(t, &x509.Certificate{DNSNames: []string{"localhost"}}), "HTTP/1.1 200 OK\r\n\r\n"))
	if err := askers.HTTPS(nil, port, question, 4*time.Second); err != nil {
		t.Error(err)
	}
	for range cap(over) {
		if err := <-over; err == nil || !strings.Contains(err.Error(), "no answer within 5 s") {
			t.Errorf("got %v", err)
		}
	}
}
