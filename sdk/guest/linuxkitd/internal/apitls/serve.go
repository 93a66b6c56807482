package apitls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/arrivals"
)

const (
	// clients at once; more are closed
	most = 32
	// of one address: nobody takes all of them
	mostOfOne = 16
	// connections whose clients have not proved yet who they are
	mostUnproved = 64
	// for the handshake
	patience = 10 * time.Second
)

// roles by the organisation in the subject of a client's certificate. Who has both is the lesser one.
var roles = []string{"reader", "administrator"}

// Serve leads connections to the channels in a folder until the listener is closed.
func Serve(listener net.Listener, config *tls.Config, folder string) error {
	guests, waiting := newGuests(), arrivals.New(mostUnproved)
	for {
		connection, err := listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			// too many open files, a peer that is gone
			time.Sleep(10 * time.Millisecond)
			continue
		}
		unproved := waiting.Enter(connection)
		go func() {
			defer connection.Close()
			client := tls.Server(connection, config)
			err := prove(client)
			unproved()
			if err != nil {
				return
			}
			leave, welcome := guests.enter(connection.RemoteAddr())
			if !welcome {
				return
			}
			defer leave()
			_ = lead(client, folder)
		}()
	}
}

// prove lets a client prove that it has a certificate.
func prove(client *tls.Conn) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	return client.HandshakeContext(ctx)
}

// lead joins a client and the channel of its role until one of them ends.
func lead(client *tls.Conn, folder string) error {
	chain := client.ConnectionState().PeerCertificates
	role, err := roleOf(chain[0])
	if err != nil {
		return err
	}
	channel, err := net.Dial("unix", filepath.Join(folder, role+".sock"))
	if err != nil {
		return err
	}
	defer channel.Close()
	// a certificate that expires meanwhile ends the connection
	_ = client.SetDeadline(chain[0].NotAfter)
	over := make(chan error, 2)
	go func() {
		_, err := io.Copy(channel, client)
		over <- err
	}()
	go func() {
		_, err := io.Copy(client, channel)
		over <- err
	}()
	return <-over
}

func roleOf(certificate *x509.Certificate) (string, error) {
	for _, role := range roles {
		if slices.Contains(certificate.Subject.Organization, role) {
			return role, nil
		}
	}
	return "", errors.New("the client's certificate has no role")
}
