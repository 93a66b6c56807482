package secrets

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	azureToken = "eyJ0eXAiOiJKV1Qi.test-_"
	client     = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
)

// vault has the secrets of every vault whose token is right.
func vault(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, message string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, code, message)
	}
	domain := r.Host[strings.Index(r.Host, ".")+1:]
	switch {
	case r.Header.Get("Authorization") != "Bearer "+azureToken+domain:
		refuse(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
	case r.URL.Query().Get("api-version") != "7.4":
		refuse(400, "BadParameter", "api-version")
	case strings.Contains(r.URL.Path, "none"):
		refuse(404, "SecretNotFound", "A secret with (name/id) none was not found in this key vault.")
	case strings.Contains(r.URL.Path, "denied"):
		refuse(403, "Forbidden", "The user, group or application does not have secrets get permission.")
	case strings.Contains(r.URL.Path, "odd"):
		_, _ = io.WriteString(w, `{"value":{"p4ss":1}}`)
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"value": "p4ss of " + r.Host + r.URL.Path})
	}
}

// azureMetadata gives tokens to a machine with one identity, or with several where their ids must be said.
func azureMetadata(tags, identity string) map[string]string {
	content := map[string]string{"/metadata/instance/compute/tagsList?api-version=2021-02-01": tags}
	for _, domain := range []string{"vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"} {
		path := "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F" + domain
		token := `{"access_token":"` + azureToken + domain + `"}`
		content[path] = token
		if identity != "one" {
			content[path] = `400 {"error":"invalid_request","error_description":"Multiple user assigned identities exist"}`
			content[path+"&client_id="+client] = token
		}
	}
	return content
}

func tagsOf(url string) string {
	text, _ := json.Marshal([]map[string]string{{"name": "owner", "value": "me"}, {"name": "linuxkit.secret.web.db", "value": url}})
	return string(text)
}

func runAzure(t *testing.T, metadata map[string]string, identity string, within time.Duration) (outcome, *cloud) {
	t.Helper()
	c := newCloud(t, [2]string{"Metadata", "true"}, metadata, vault)
	o := run(t, "azure", c, c.authority(), []string{c.secure.Listener.Addr().String(), identity}, within, "web")
	return o, c
}

func TestAzureDeliversOneVersionOrTheNewest(t *testing.T) {
	tags, _ := json.Marshal([]map[string]string{
		{"name": "linuxkit.secret.web.db", "value": "https://mine.vault.azure.net/secrets/db"},
		{"name": "linuxkit.secret.web.old.db", "value": "https://mine.vault.azure.net/secrets/db/4387e9f3"},
		{"name": "linuxkit.secret.web.cn", "value": "https://cn.vault.azure.cn/secrets/db"},
		{"name": "linuxkit.secret.gone.db", "value": "https://mine.vault.azure.net/secrets/none"},
	})
	o, c := runAzure(t, azureMetadata(string(tags), "one"), "", 5*time.Second)
	if o.err != nil || len(o.files) != 3 || o.modes["web/db"] != 0o400 {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	for name, wanted := range map[string]string{
		"web/db": "p4ss of mine.vault.azure.net/secrets/db", "web/old.db": "p4ss of mine.vault.azure.net/secrets/db/4387e9f3",
		// a vault of another cloud of Azure's has tokens of its own
		"web/cn": "p4ss of cn.vault.azure.cn/secrets/db",
	} {
		if o.files[name] != wanted {
			t.Errorf("%s: got %q", name, o.files[name])
		}
	}
	if len(c.asked) != 3 {
		t.Errorf("the vaults were asked %v", c.asked)
	}
}

func TestAzureTakesTheIdentityThatIsNamed(t *testing.T) {
	if o, _ := runAzure(t, azureMetadata(tagsOf("https://mine.vault.azure.net/secrets/db"), "several"), client, time.Second); o.err != nil || len(o.files) != 1 {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
}

func TestAzureFails(t *testing.T) {
	for name, row := range map[string]struct{ url, identity, message string }{
		"a secret that is not there":     {"https://mine.vault.azure.net/secrets/none", "one", "secrets: web.db: https://mine.vault.azure.net/secrets/none: SecretNotFound A secret with (name/id) none was not found in this key vault."},
		"an identity that may not":       {"https://mine.vault.azure.net/secrets/denied", "one", "Forbidden The user, group or application does not have secrets get permission.; tried for 1 s"},
		"an identity that must be named": {"https://mine.vault.azure.net/secrets/db", "several", "secrets: web.db: the metadata service answered 400: Multiple user assigned identities exist; tried for 1 s"},
		"an answer of another shape":     {"https://mine.vault.azure.net/secrets/odd", "one", "the answer is not the JSON that was wanted"},
	} {
		o, _ := runAzure(t, azureMetadata(tagsOf(row.url), row.identity), "", time.Millisecond)
		o.mustSay(t, name, row.message)
		if len(o.files) != 0 || o.err != nil && strings.Contains(o.err.Error(), "eyJ0") {
			t.Errorf("%s: got %q and %v", name, o.files, o.err)
		}
	}
	o, _ := runAzure(t, map[string]string{"/metadata/instance/compute/tagsList?api-version=2021-02-01": `{"name":"x"}`}, "", time.Millisecond)
	o.mustSay(t, "tags that are no list", "the metadata service gave no list of tags; tried for 1 s")
	o, _ = runAzure(t, nil, "x&y", time.Millisecond)
	o.mustSay(t, "an identity that is no id", `got the identity "x&y", wanted a client id`)
}

func TestAzureShowsItsTokenToVaultsOnly(t *testing.T) {
	for _, url := range []string{
		"https://mine.vault.azure.net.example.com/secrets/db", "https://example.com/secrets/db", "http://mine.vault.azure.net/secrets/db",
		"https://example.com#.vault.azure.net/secrets/db", "https://example.com:443@x.vault.azure.net/secrets/db",
		"https://.vault.azure.net/secrets/db", "https://a.b.vault.azure.net/secrets/db", "https://-.vault.azure.net/secrets/db", "mine/db", "",
		"https://mine.vault.azure.net/secrets/", "https://mine.vault.azure.net/keys/db", "https://mine.vault.azure.net/secrets/../keys/db",
		"https://mine.vault.azure.net/secrets/db?x=y", "https://mine.vault.azure.net/secrets/db\r\nX: y", "https://mine.vault.azure.net/secrets/db\n",
	} {
		o, c := runAzure(t, azureMetadata(tagsOf(url), "one"), "", time.Millisecond)
		o.mustSay(t, url, "secrets: web.db: wanted the URL of a secret in Key Vault, such as https://mine.vault.azure.net/secrets/db")
		if len(c.asked) != 0 {
			t.Errorf("%s: asked %v", url, c.asked)
		}
	}
}
