package tlscheck

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"pulumi-linuxkit/linuxkitd/internal/health"
)

func check(connection net.Conn, question health.Question) error {
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM([]byte(question.Authority)) {
		return errors.New("the authority has no certificate that can be read: wanted PEM")
	}
	client := tls.Client(connection, &tls.Config{
		RootCAs: authority, ServerName: question.Name, MinVersion: tls.VersionTLS12,
		// what is asked is HTTP/1.1: a server that only has HTTP/2 says so at once
		NextProtos: []string{"http/1.1"},
	})
	if err := client.Handshake(); err != nil {
		return reason(err, question)
	}
	if err := health.Ask(client, question.Host, question.Path, question.Status); err != nil {
		return reason(err, question)
	}
	return nil
}
