package tlscheck

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/health"
)

const (
	// names of a certificate that a reason shows, and the length of each
	mostNames   = 4
	longestName = 64
)

// reason says why in few words. Of what the service said it has names of its certificate, which is no secret.
func reason(err error, question health.Question) error {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return validity(invalid.Cert, time.Now())
	case errors.As(err, &invalid):
		return fmt.Errorf("its certificate is not accepted: %s", strings.TrimPrefix(invalid.Error(), "x509: "))
	case errors.As(err, &host):
		return fmt.Errorf("its certificate is for %s, wanted %s", names(host.Certificate), shown(question.Name))
	case errors.As(err, &unknown):
		return fmt.Errorf("its certificate is signed by another authority: its issuer is %s", issuer(unknown.Cert))
	case errors.As(err, &record):
		return errors.New("the answer is no TLS")
	case errors.As(err, &remote) && remote.Op == "remote error":
		return fmt.Errorf("it refused the connection: %w", remote.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it closed the connection")
	}
	return health.Reason(err, question.Limit)
}

// validity: RFC 5280 4.1.2.5, both ends belong to it.
func validity(certificate *x509.Certificate, now time.Time) error {
	if now.Before(certificate.NotBefore) {
		return fmt.Errorf("its certificate is not valid before %s; the machine's clock says %s", day(certificate.NotBefore), day(now))
	}
	return fmt.Errorf("its certificate expired on %s; the machine's clock says %s", day(certificate.NotAfter), day(now))
}

func day(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }

func names(certificate *x509.Certificate) string {
	all := make([]string, 0, mostNames)
	for _, name := range certificate.DNSNames {
		all = append(all, shown(name))
	}
	for _, address := range certificate.IPAddresses {
		all = append(all, address.String())
	}
	if len(all) == 0 {
		// RFC 9525 6.3: the common name does not count
		return "no host: it has no subjectAltName"
	}
	if more := len(all) - mostNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:mostNames], ", "), more)
	}
	return strings.Join(all, ", ")
}

func issuer(certificate *x509.Certificate) string {
	if certificate == nil {
		return "unknown"
	}
	if name := certificate.Issuer.CommonName; name != "" {
		return shown(name)
	}
	return shown(certificate.Issuer.String())
}

func shown(name string) string {
	if len(name) > longestName {
		name = name[:longestName] + "…"
	}
	return strconv.QuoteToASCII(name)
}
