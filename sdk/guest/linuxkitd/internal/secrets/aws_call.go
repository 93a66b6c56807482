package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// call asks a service of a region to do an action.
func (t *awsTask) call(ctx context.Context, service, region, action string, input, output any) error {
	if t.role == nil {
		if err := t.takeRole(ctx); err != nil {
			return err
		}
	}
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	// the endpoint of a network is of its own region
	address := t.endpoints[service]
	if address == "" || region != t.region {
		address = service + "." + region + "." + t.domain + ":443"
	}
	request := http1.Request{
		Method: "POST", Address: address, Path: "/", Body: body,
		Headers: []http1.Header{{Name: "Content-Type", Value: "application/x-amz-json-1.1"}, {Name: "X-Amz-Target", Value: action}},
	}
	request.Headers = sign(request, region, service, *t.role, time.Now())
	response, err := t.web.secure(ctx, request, "")
	if err != nil {
		return err
	}
	if response.Status == 200 {
		if err := decode(response.Body, output); err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}
		return nil
	}
	// a role's rights, and its credentials, may take a while to be known everywhere
	t.role = nil
	return awsFault(action, response)
}

// awsFault is the reason of a refusal; what the request names and is not there stays so.
func awsFault(action string, response http1.Response) error {
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	// an answer of another shape is shown by its status
	_ = decode(response.Body, &said)
	kind := printable.Line(said.Type[strings.LastIndex(said.Type, "#")+1:])
	fault := refusal(action, kind, response.Status, said.Message)
	if kind == "ResourceNotFoundException" || (strings.HasPrefix(kind, "Parameter") && strings.HasSuffix(kind, "NotFound")) || strings.HasPrefix(kind, "Validation") || strings.HasPrefix(kind, "Invalid") {
		return final{fault}
	}
	return fault
}
