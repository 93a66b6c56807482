package metadata

import (
	"context"
	"fmt"
	"io"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// isGoalWord is whether an incarnation, a container and an instance may be named so. Nothing in it is XML.
func isGoalWord(word string) bool { return printable.Only(word, "._-") }

const healthReport = `<?xml version="1.0" encoding="utf-8"?>
<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<GoalStateIncarnation>%s</GoalStateIncarnation>
<Container><ContainerId>%s</ContainerId>
<RoleInstanceList><Role><InstanceId>%s</InstanceId><Health><State>Ready</State></Health></Role></RoleInstanceList>
</Container>
</Health>
`

// reportReady tells Azure that this machine is ready, which it waits for where the image is a generalized one.
// Source: Microsoft Learn, "Creating generalized images without a provisioning agent".
func reportReady(ctx context.Context, from *source, wire string, log io.Writer) error {
	headers := []http1.Header{{Name: "x-ms-version", Value: "2012-11-30"}, {Name: "x-ms-agent-name", Value: "linuxkit"}}
	goal, found, err := from.ask(ctx, http1.Request{Address: wire, Path: "/machine/?comp=goalstate", Headers: headers})
	if err != nil {
		return err
	}
	if !found || len(goal) == 0 {
		return fmt.Errorf("metadata: %s has no goal state for this machine", wire)
	}
	var words []any
	for _, name := range []string{"Incarnation", "ContainerId", "InstanceId"} {
		word := element(string(goal), name)
		if !isGoalWord(word) {
			return fmt.Errorf("metadata: the goal state of %s names no incarnation, container and instance", wire)
		}
		words = append(words, word)
	}
	_, found, err = from.ask(ctx, http1.Request{
		Method: "POST", Address: wire, Path: "/machine?comp=health",
		Headers: append(headers, http1.Header{Name: "Content-Type", Value: "text/xml;charset=utf-8"}),
		Body:    fmt.Appendf(nil, healthReport, words...),
	})
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("metadata: %s knows no report of health", wire)
	}
	fmt.Fprintln(log, "metadata: Azure knows that this machine is ready")
	return nil
}

// element is the text of the first element of a name, without the space around it.
func element(document, name string) string {
	_, rest, _ := strings.Cut(document, "<"+name+">")
	text, _, _ := strings.Cut(rest, "<")
	return strings.TrimSpace(text)
}
