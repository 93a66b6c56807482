package secrets

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// azureReference is the URL of a secret in Key Vault: its host, the vaults' domain and the path.
// The token is shown to a vault of Azure's and to no other host.
var azureReference = regexp.MustCompile(`^https://([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.(vault\.azure\.net|vault\.azure\.cn|vault\.usgovcloudapi\.net))(/secrets/[A-Za-z0-9-]+(?:/[A-Za-z0-9-]+)?)$`)

// azureTask fetches from Key Vault, by the machine's managed identity.
type azureTask struct {
	*task
	// connectTo is HOST:PORT where every vault is reached, empty for Azure's own.
	connectTo, identity string
	// tokens are by the domain of the vaults that they are for.
	tokens map[string]string
}

func fetchAzure(ctx context.Context, t *task, connectTo, identity string) error {
	if identity != "" && !isWord(identity, "-") {
		return fmt.Errorf("secrets: got the identity %q, wanted a client id", identity)
	}
	azure := &azureTask{t, connectTo, identity, map[string]string{}}
	return t.deliverAll(ctx, "the metadata service at "+t.metadata, azure.takeReferences, azure.take)
}

// get asks the metadata service.
func (t *azureTask) get(ctx context.Context, path string) ([]byte, error) {
	response, err := t.web.plain(ctx, http1.Request{
		Address: t.metadata, Path: "/metadata/" + path,
		Headers: []http1.Header{{Name: "Metadata", Value: "true"}},
	})
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		var said struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		_ = decode(response.Body, &said)
		return nil, fmt.Errorf("the metadata service answered %d: %s", response.Status, printable.Line(firstNonEmpty(said.Description, said.Error)))
	}
	return response.Body, nil
}

func (t *azureTask) takeReferences(ctx context.Context) ([]reference, error) {
	body, err := t.get(ctx, "instance/compute/tagsList?api-version=2021-02-01")
	if err != nil {
		return nil, err
	}
	return azureReferences(body)
}

func azureReferences(body []byte) ([]reference, error) {
	var tags []struct{ Name, Value string }
	if err := decode(body, &tags); err != nil {
		return nil, errors.New("the metadata service gave no list of tags")
	}
	var named []reference
	for _, tag := range tags {
		if key, found := strings.CutPrefix(tag.Name, "linuxkit.secret."); found {
			service, name, _ := strings.Cut(key, ".")
			named = append(named, reference{service, name, tag.Value})
		}
	}
	return named, nil
}

// takeToken takes a token of the machine's identity for the vaults of a domain.
func (t *azureTask) takeToken(ctx context.Context, domain string) error {
	path := "identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F" + domain
	if t.identity != "" {
		path += "&client_id=" + t.identity
	}
	body, err := t.get(ctx, path)
	if err != nil {
		return err
	}
	var given struct {
		Token string `json:"access_token"`
	}
	if err := decode(body, &given); err != nil || !isPlain(given.Token) {
		return errors.New("the metadata service gave no token")
	}
	t.tokens[domain] = given.Token
	return nil
}

// take fetches one secret.
func (t *azureTask) take(ctx context.Context, url string) ([]byte, error) {
	match := azureReference.FindStringSubmatch(url)
	if match == nil {
		return nil, finally("wanted the URL of a secret in Key Vault, such as https://mine.vault.azure.net/secrets/db")
	}
	host, domain, path := match[1], match[2], match[3]
	if t.tokens[domain] == "" {
		if err := t.takeToken(ctx, domain); err != nil {
			return nil, err
		}
	}
	response, err := t.web.secure(ctx, http1.Request{
		Address: host + ":443", Path: path + "?api-version=7.4",
		Headers: []http1.Header{{Name: "Authorization", Value: "Bearer " + t.tokens[domain]}},
	}, t.connectTo)
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		// a right that is new may take a while to be known everywhere
		delete(t.tokens, domain)
		return nil, azureFault(url, response)
	}
	var given struct{ Value string }
	if err := decode(response.Body, &given); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return []byte(given.Value), nil
}

func azureFault(url string, response http1.Response) error {
	var said struct {
		Error struct{ Code, Message string }
	}
	_ = decode(response.Body, &said)
	kind := printable.Line(said.Error.Code)
	fault := refusal(url, kind, response.Status, said.Error.Message)
	switch kind {
	case "SecretNotFound", "BadParameter", "SecretDisabled":
		return final{fault}
	}
	return fault
}
