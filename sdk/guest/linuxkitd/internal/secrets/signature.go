package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// roleCredentials are those of the machine's role, for a while.
type roleCredentials struct{ AccessKeyID, SecretAccessKey, Token string }

// sign returns the headers of a request together with those of its signature. The path has no query.
// Source: AWS IAM User Guide, "Create a signed AWS API request" (Signature Version 4).
func sign(request http1.Request, region, service string, by roleCredentials, at time.Time) []http1.Header {
	date := at.UTC().Format("20060102T150405Z")
	headers := append(slices.Clone(request.Headers), http1.Header{Name: "X-Amz-Date", Value: date})
	if by.Token != "" {
		headers = append(headers, http1.Header{Name: "X-Amz-Security-Token", Value: by.Token})
	}
	signed := append(slices.Clone(headers), http1.Header{Name: "Host", Value: request.Host()})
	names, canonical := canonicalHeaders(signed)
	body := sha256.Sum256(request.Body)
	whole := strings.Join([]string{request.Method, request.Path, "", canonical, names, hex.EncodeToString(body[:])}, "\n")
	sum := sha256.Sum256([]byte(whole))
	scope := strings.Join([]string{date[:8], region, service, "aws4_request"}, "/")
	key := []byte("AWS4" + by.SecretAccessKey)
	for _, part := range strings.Split(scope, "/") {
		key = keyed(key, part)
	}
	signature := keyed(key, strings.Join([]string{"AWS4-HMAC-SHA256", date, scope, hex.EncodeToString(sum[:])}, "\n"))
	return append(headers, http1.Header{
		Name:  "Authorization",
		Value: "AWS4-HMAC-SHA256 Credential=" + by.AccessKeyID + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + hex.EncodeToString(signature),
	})
}

// canonicalHeaders are the names of the headers, and a line of each, in the order of names.
func canonicalHeaders(headers []http1.Header) (names, lines string) {
	slices.SortFunc(headers, func(a, b http1.Header) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	var list []string
	for _, header := range headers {
		name := strings.ToLower(header.Name)
		list = append(list, name)
		lines += name + ":" + strings.Join(strings.Fields(header.Value), " ") + "\n"
	}
	return strings.Join(list, ";"), lines
}

func keyed(key []byte, text string) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return sum.Sum(nil)
}
