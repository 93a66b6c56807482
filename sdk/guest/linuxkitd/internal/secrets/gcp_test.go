package secrets

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const gcpToken = "ya29.c.b0AXv0zTP-_test"

// gcpSecrets has a value for each name that is not another word's.
func gcpSecrets(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, kind, message string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%d,"message":%q,"status":%q}}`, status, message, kind)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/"), ":access")
	value := []byte("p4ss\"w\\ord\n of " + name)
	sum := fmt.Sprintf("%q", fmt.Sprint(crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli))))
	switch {
	case r.Header.Get("Authorization") != "Bearer "+gcpToken:
		refuse(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
		return
	case strings.Contains(name, "none"):
		refuse(404, "NOT_FOUND", "Secret ["+name+"] not found.")
		return
	case strings.Contains(name, "denied"):
		refuse(403, "PERMISSION_DENIED", "Permission denied on resource.")
		return
	case strings.Contains(name, "damaged"):
		sum = `"1"`
	case strings.Contains(name, "number"):
		sum = strings.Trim(sum, `"`)
	case strings.Contains(name, "unchecked"):
		sum = "null"
	case strings.Contains(name, "odd"):
		_, _ = io.WriteString(w, "p4ss")
		return
	}
	fmt.Fprintf(w, `{"name":%q,"payload":{"data":%q,"dataCrc32c":%s}}`, name, base64.StdEncoding.EncodeToString(value), sum)
}

func runGCP(t *testing.T, attribute, token string, within time.Duration) (outcome, *cloud) {
	t.Helper()
	metadata := map[string]string{}
	if attribute != "" {
		metadata["/computeMetadata/v1/instance/attributes/linuxkit-secrets"] = attribute
	}
	if token != "" {
		metadata["/computeMetadata/v1/instance/service-accounts/default/token"] = token
	}
	c := newCloud(t, [2]string{"Metadata-Flavor", "Google"}, metadata, gcpSecrets)
	return run(t, "gcp", c, c.authority(), []string{c.url()}, within, "web", "jobs"), c
}

const goodToken = `{"access_token":"` + gcpToken + `","expires_in":3599,"token_type":"Bearer"}`

func TestGCPDeliversValues(t *testing.T) {
	o, _ := runGCP(t, `{"web":{"db":"projects/p/secrets/db/versions/latest","b.1":"projects/p/locations/europe-west3/secrets/bytes/versions/3","n":"projects/example.com:p/secrets/number/versions/1","u":"projects/p/secrets/unchecked/versions/1"},"gone":{"db":"projects/p/secrets/none/versions/1"}}`, goodToken, 5*time.Second)
	if o.err != nil || len(o.files) != 4 || o.files["web/db"] != "p4ss\"w\\ord\n of projects/p/secrets/db/versions/latest" || o.modes["web/db"] != 0o400 {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	if wanted := "secrets: web.db is there\nsecrets: web.b.1 is there\nsecrets: web.n is there\nsecrets: web.u is there\nsecrets: gone.db is passed over: no service gone of this machine names secrets\n"; o.log != wanted {
		t.Errorf("got the log %q", o.log)
	}
}

func TestGCPAsksGooglesOwnEndpoints(t *testing.T) {
	metadata := map[string]string{
		"/computeMetadata/v1/instance/attributes/linuxkit-secrets":    `{"web":{"a":"projects/p/secrets/a/versions/1","b":"projects/p/locations/europe-west3/secrets/b/versions/1"}}`,
		"/computeMetadata/v1/instance/service-accounts/default/token": goodToken,
	}
	c := newCloud(t, [2]string{"Metadata-Flavor", "Google"}, metadata, gcpSecrets)
	o := run(t, "gcp", c, c.authority(), nil, time.Second, "web")
	if wanted := []string{"secretmanager.googleapis.com:443", "secretmanager.europe-west3.rep.googleapis.com:443"}; o.err != nil || len(o.files) != 2 || !slices.Equal(c.dialled, wanted) {
		t.Fatalf("got %q, %v and %v", o.files, c.dialled, o.err)
	}
}

func TestGCPWithoutTheAttributeHasNoSecrets(t *testing.T) {
	if o, c := runGCP(t, "", "", time.Millisecond); o.err != nil || len(c.asked) != 0 {
		t.Fatalf("got %v and %v", c.asked, o.err)
	}
}

func TestGCPFails(t *testing.T) {
	one := func(name string) string { return `{"web":{"db":"projects/p/secrets/` + name + `/versions/latest"}}` }
	for name, row := range map[string]struct{ attribute, token, message string }{
		"a version that is not there":    {one("none"), goodToken, "secrets: web.db: projects/p/secrets/none/versions/latest: NOT_FOUND Secret [projects/p/secrets/none/versions/latest] not found."},
		"an account that may not":        {one("denied"), goodToken, "PERMISSION_DENIED Permission denied on resource.; tried for 1 s"},
		"no account":                     {one("db"), "", "secrets: web.db: this machine has no service account; tried for 1 s"},
		"a token that has ended":         {one("db"), `{"access_token":"old"}`, "UNAUTHENTICATED"},
		"a token with a line break":      {one("db"), `{"access_token":"a\r\nX: y"}`, "the metadata server gave no token"},
		"a token that is not JSON":       {one("db"), `token`, "the metadata server gave no token"},
		"a value that arrived damaged":   {one("damaged"), goodToken, "its value arrived damaged; tried for 1 s"},
		"an answer that is not JSON":     {one("odd"), goodToken, "the answer is not the JSON that was wanted; tried"},
		"a reference of another form":    {`{"web":{"db":"db"}}`, goodToken, "secrets: web.db: wanted projects/PROJECT/secrets/SECRET/versions/VERSION"},
		"a location that is a host":      {`{"web":{"db":"projects/p/locations/x@evil.example:1/secrets/a/versions/1"}}`, goodToken, "wanted projects/PROJECT"},
		"a path that goes up":            {`{"web":{"db":"projects/p/secrets/../versions/1"}}`, goodToken, "wanted projects/PROJECT"},
		"a query":                        {`{"web":{"db":"projects/p/secrets/a/versions/1?x=y"}}`, goodToken, "wanted projects/PROJECT"},
		"an attribute of another shape":  {"web=db", goodToken, "the attribute linuxkit-secrets is not { SERVICE: { NAME: reference } } as JSON"},
		"an attribute with a number":     {`{"web":{"db":1}}`, goodToken, "is not { SERVICE: { NAME: reference } }"},
		"an attribute with a list":       {`{"web":["db"]}`, goodToken, "is not { SERVICE: { NAME: reference } }"},
		"an attribute that is cut":       {`{"web":{"db":"a"`, goodToken, "is not { SERVICE: { NAME: reference } }"},
		"an attribute with more behind":  {`{} {}`, goodToken, "is not { SERVICE: { NAME: reference } }"},
		"a name that leaves the folder":  {`{"web":{"../x":"projects/p/secrets/db/versions/1"}}`, goodToken, "secrets: web.../x: got a name that no secret can have"},
		"a service of another folder":    {`{"../web":{"x":"projects/p/secrets/db/versions/1"}}`, goodToken, "secrets: ../web.x: got a name that no service can have"},
		"a name with terminal sequences": {`{"we\u001b[2Jb":{"x":"a"}}`, goodToken, "secrets: we[2Jb.x: got a name that no service can have"},
	} {
		o, _ := runGCP(t, row.attribute, row.token, time.Millisecond)
		o.mustSay(t, name, row.message)
		if len(o.files) != 0 || o.err != nil && strings.Contains(o.err.Error(), "ya29") {
			t.Errorf("%s: got %q and %v", name, o.files, o.err)
		}
	}
}

func TestParseReferencesKeepsTheOrder(t *testing.T) {
	got, err := parseReferences([]byte(` {"b":{"z":"1","a":"2"},"a":{},"c":{"x":"3"}} `))
	if wanted := []reference{{"b", "z", "1"}, {"b", "a", "2"}, {"c", "x", "3"}}; err != nil || !slices.Equal(got, wanted) {
		t.Fatalf("got %v and %v", got, err)
	}
}

func TestTheLastOfTwoReferencesCounts(t *testing.T) {
	o, _ := runGCP(t, `{"web":{"db":"projects/p/secrets/a/versions/1","db":"projects/p/secrets/b/versions/1"}}`, goodToken, time.Second)
	if o.err != nil || !strings.HasSuffix(o.files["web/db"], "secrets/b/versions/1") {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
}
