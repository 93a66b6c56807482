package secrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

const (
	// answerLimit is the greatest size of an answer: a service has 1 MiB for its secrets.
	answerLimit      = 1 << 20
	authoritiesLimit = 8 << 20
	connectTime      = 5 * time.Second
	answerTime       = 20 * time.Second
)

// web asks the services of a cloud, over TLS but for its metadata. Redirects and proxies are never followed.
type web struct {
	authorities *x509.CertPool
	// dial connects to HOST:PORT.
	dial func(ctx context.Context, address string) (net.Conn, error)
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "tcp", address)
}

func newWeb(file string) (*web, error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	defer source.Close()
	bundle, err := io.ReadAll(io.LimitReader(source, authoritiesLimit+1))
	if err != nil || len(bundle) > authoritiesLimit {
		return nil, fmt.Errorf("secrets: %s cannot be read, or is longer than %d bytes", file, authoritiesLimit)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("secrets: %s has no certificate as PEM", file)
	}
	return &web{pool, dialTCP}, nil
}

// plain asks in the clear, which only the metadata service is.
func (w *web) plain(ctx context.Context, request http1.Request) (http1.Response, error) {
	request.Dial = w.dial
	return w.ask(ctx, request)
}

// secure asks over TLS. The certificate must be that of the request's address, also where connectTo is another one.
func (w *web) secure(ctx context.Context, request http1.Request, connectTo string) (http1.Response, error) {
	request.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if connectTo != "" {
			address = connectTo
		}
		plain, err := w.dial(ctx, address)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(plain, &tls.Config{RootCAs: w.authorities, ServerName: host, MinVersion: tls.VersionTLS12})
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, err
		}
		return secured, nil
	}
	return w.ask(ctx, request)
}

func (w *web) ask(ctx context.Context, request http1.Request) (http1.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	response, err := http1.Do(ctx, request, answerLimit)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no answer from %s in time", request.Address)
	}
	if err != nil {
		// names in the other side's certificate may be part of the reason
		return response, errors.New(printable.Line(err.Error()))
	}
	return response, nil
}

// addressOf is HOST:PORT of a URL such as https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com.
func addressOf(endpoint string) (string, error) {
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" || parsed.User != nil || strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" {
		return "", fmt.Errorf("secrets: got the endpoint %q, wanted a URL such as https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com", endpoint)
	}
	port := parsed.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(parsed.Hostname(), port), nil
}
