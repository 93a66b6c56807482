package secrets

import (
	"strings"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// FuzzAnswers feeds the readers of JSON any bytes: what they take is fit for a header, a host or a message.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		goodToken, `{"web":{"db":"projects/p/secrets/db/versions/latest"}}`, `[{"name":"linuxkit.secret.web.db","value":"https://mine.vault.azure.net/secrets/db"}]`,
		`{"__type":"com.amazonaws#AccessDeniedException","Message":"no\n"}`, `{"error":{"status":"NOT_FOUND","code":"SecretNotFound","message":"\u001b[2J"}}`,
		`{"payload":{"data":"aGk=","dataCrc32c":"1"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		response := http1.Response{Status: 400, Body: body}
		for _, err := range []error{awsFault("a", response), gcpFault("a", response), azureFault("a", response)} {
			if strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Fatalf("the message %q", err)
			}
		}
		named, _ := parseReferences(body)
		tags, _ := azureReferences(body)
		into, err := openFolder(t.TempDir(), discard{})
		if err != nil {
			t.Fatal(err)
		}
		defer into.close()
		for _, one := range append(named, tags...) {
			if _, err := into.wants(one.service, one.name); err == nil && strings.ContainsAny(one.service+one.name, "/\x00\n ") {
				t.Fatalf("the secret %q of %q", one.name, one.service)
			}
		}
		if value, err := gcpValue("a", body); err != nil && strings.Contains(err.Error(), string(value)) && len(value) > 8 {
			t.Fatalf("the message %q", err)
		}
	})
}

// FuzzReferences feeds the readers of references any text: a host that is shown credentials is one of the cloud's.
func FuzzReferences(f *testing.F) {
	for _, seed := range []string{secretARN, parameterARN, "ssm:/a", "https://mine.vault.azure.net/secrets/db", "projects/p/locations/l/secrets/s/versions/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if reference, valid := parseAWS(text); valid && reference.region != "" && strings.Trim(reference.region, "-") != "" && strings.ContainsAny(reference.region, "./@:?#\r\n ") {
			t.Fatalf("the region %q", reference.region)
		}
		if match := azureReference.FindStringSubmatch(text); match != nil && (!isHost(match[1]) || !strings.HasSuffix(match[1], "."+match[2])) {
			t.Fatalf("the vault %q", match)
		}
		if match := gcpReference.FindStringSubmatch(text); match != nil && (!isPlain(text) || strings.Contains(text, "/../")) {
			t.Fatalf("the name %q", text)
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
