// Package apitls is the program that takes connections to the machine's interface over TLS 1.3 with certificates on both
// sides, and leads each to PID 1 by the channel of its role. It runs in a container of its own.
package apitls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

const (
	// keys are the files that the build puts there
	keys = "/etc/api"
	// channels has a socket of PID 1 for each role
	channels = "/channels"
)

// Run serves on the port that is its argument.
func Run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("wanted a port")
	}
	if port, err := strconv.Atoi(args[0]); err != nil || port < 1 || port > 65535 {
		return fmt.Errorf("got port %q, wanted 1 to 65535", args[0])
	}
	config, err := readConfig(keys)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+args[0])
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	return Serve(listener, config, channels)
}

// readConfig reads the server's certificate and key, and the authority of clients.
func readConfig(folder string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "clients.pem"))
	if err != nil {
		return nil, err
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(text) {
		return nil, errors.New("clients.pem has no certificate")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		// every connection shows its certificate: one that has expired is not let in by an earlier session
		SessionTicketsDisabled: true,
	}, nil
}
