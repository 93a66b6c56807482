package secrets

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// gcpReference is the name of a secret's version. A location becomes part of the host that the token is shown to.
var gcpReference = regexp.MustCompile(`^projects/[A-Za-z0-9][A-Za-z0-9.:_-]*/(?:locations/([a-z0-9][a-z0-9-]*)/)?secrets/[A-Za-z0-9_-]+/versions/[A-Za-z0-9_-]+$`)

// gcpTask fetches from Secret Manager, by the machine's service account.
type gcpTask struct {
	*task
	// endpoint is HOST:PORT, empty for Google's own.
	endpoint, token string
}

func fetchGCP(ctx context.Context, t *task, endpoint string) error {
	gcp := &gcpTask{task: t}
	if endpoint != "" {
		address, err := addressOf(endpoint)
		if err != nil {
			return err
		}
		gcp.endpoint = address
	}
	return t.deliverAll(ctx, "the metadata server at "+t.metadata, gcp.takeReferences, gcp.take)
}

// get asks the metadata server.
func (t *gcpTask) get(ctx context.Context, path string) (int, []byte, error) {
	response, err := t.web.plain(ctx, http1.Request{
		Address: t.metadata, Path: "/computeMetadata/v1/instance/" + path,
		Headers: []http1.Header{{Name: "Metadata-Flavor", Value: "Google"}},
	})
	if err == nil && response.Status != 200 {
		err = fmt.Errorf("the metadata server answered %d for %s", response.Status, path)
	}
	return response.Status, response.Body, err
}

func (t *gcpTask) takeReferences(ctx context.Context) ([]reference, error) {
	status, attribute, err := t.get(ctx, "attributes/linuxkit-secrets")
	if status == 404 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	named, err := parseReferences(attribute)
	if err != nil {
		return nil, finally("the attribute linuxkit-secrets is not { SERVICE: { NAME: reference } } as JSON")
	}
	return named, nil
}

func (t *gcpTask) takeToken(ctx context.Context) error {
	status, body, err := t.get(ctx, "service-accounts/default/token")
	if status == 404 {
		return errors.New("this machine has no service account")
	}
	if err != nil {
		return err
	}
	var given struct {
		Token string `json:"access_token"`
	}
	if err := decode(body, &given); err != nil || !isPlain(given.Token) {
		return errors.New("the metadata server gave no token")
	}
	t.token = given.Token
	return nil
}

// take fetches one version of a secret.
func (t *gcpTask) take(ctx context.Context, name string) ([]byte, error) {
	match := gcpReference.FindStringSubmatch(name)
	if match == nil {
		return nil, finally("wanted projects/PROJECT/secrets/SECRET/versions/VERSION")
	}
	address := firstNonEmpty(t.endpoint, "secretmanager.googleapis.com:443")
	if location := match[1]; location != "" && t.endpoint == "" {
		address = "secretmanager." + location + ".rep.googleapis.com:443"
	}
	if t.token == "" {
		if err := t.takeToken(ctx); err != nil {
			return nil, err
		}
	}
	response, err := t.web.secure(ctx, http1.Request{
		Address: address, Path: "/v1/" + name + ":access",
		Headers: []http1.Header{{Name: "Authorization", Value: "Bearer " + t.token}},
	}, "")
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		// a right that is new may take a while to be known everywhere
		t.token = ""
		return nil, gcpFault(name, response)
	}
	return gcpValue(name, response.Body)
}

func gcpFault(name string, response http1.Response) error {
	var said struct {
		Error struct{ Status, Message string }
	}
	_ = decode(response.Body, &said)
	kind := printable.Line(said.Error.Status)
	fault := refusal(name, kind, response.Status, said.Error.Message)
	switch kind {
	case "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION":
		return final{fault}
	}
	return fault
}

// gcpValue is the value of an answer, whose checksum is checked where there is one.
func gcpValue(name string, body []byte) ([]byte, error) {
	var given struct {
		Payload struct {
			Data string
			// a number of 64 bits is text in Google's JSON
			DataCrc32c json.RawMessage
		}
	}
	if err := decode(body, &given); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	value, err := base64.StdEncoding.DecodeString(given.Payload.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: its value is not base64", name)
	}
	sum := strings.Trim(string(given.Payload.DataCrc32c), `"`)
	if sum != "" && sum != "null" && sum != strconv.FormatUint(uint64(crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli))), 10) {
		return nil, fmt.Errorf("%s: its value arrived damaged", name)
	}
	return value, nil
}
