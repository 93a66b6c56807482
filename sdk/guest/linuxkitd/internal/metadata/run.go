// Package metadata reads what the cloud knows of this machine into /run/config.
package metadata

import (
	"context"
	"fmt"
	"io"
	"os"

	"pulumi-linuxkit/linuxkitd/internal/seconds"
)

// Run reads the metadata of a cloud:
//
//	metadata aws|gcp ADDRESS:PORT SECONDS
//	metadata azure ADDRESS:PORT SECONDS [WIRESERVER]
//
// The machine reports itself ready to the WireServer, an ADDRESS:PORT, where one is named.
// CONFIG in the environment names another folder than /run/config.
func Run(ctx context.Context, args []string) error {
	if len(args) < 3 || len(args) > 4 || (len(args) == 4 && args[0] != "azure") {
		return fmt.Errorf("metadata: got %q, wanted aws, gcp or azure, an address with its port, and seconds", args)
	}
	within, err := seconds.Parse(args[2])
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	place := os.Getenv("CONFIG")
	if place == "" {
		place = "/run/config"
	}
	wire := ""
	if len(args) == 4 {
		wire = args[3]
	}
	return read(ctx, args[0], wire, place, newSource(args[1], args[2], within), os.Stdout)
}

func read(ctx context.Context, cloud, wire, place string, from *source, log io.Writer) error {
	into, err := openFolder(place)
	if err != nil {
		return err
	}
	defer into.close()
	provider := ""
	switch cloud {
	case "aws":
		provider, err = "AWS", readAWS(ctx, from, into)
	case "gcp":
		provider, err = "GCP", readGCP(ctx, from, into)
	case "azure":
		provider, err = "Azure", readAzure(ctx, from, into)
	default:
		return fmt.Errorf("metadata: got the cloud %q, wanted aws, gcp or azure", cloud)
	}
	if err == nil && wire != "" {
		err = reportReady(ctx, from, wire, log)
	}
	if err == nil {
		err = into.put("provider", []byte(provider+"\n"), secretMode)
	}
	if err == nil {
		fmt.Fprintf(log, "metadata: %s, %d bytes of user data\n", into.instance, into.userData)
	}
	return err
}
