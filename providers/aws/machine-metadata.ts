import { all, type Output, output } from "@pulumi/pulumi/output.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { networkKind } from "../../sdk/definition/service-network.ts";
import type { Tags } from "../../sdk/machine/args.ts";

/** Where EC2 answers. Source: Amazon EC2 User Guide, "Access instance metadata for an EC2 instance". */
const METADATA = "169.254.169.254";

/**
 * A machine's tags and metadata options: version 2 of the metadata service only. It reads its own tags from metadata where it has
 * volumes or secrets.
 *
 * @param definition of the operating system, where it is known
 * @param tags for people
 * @param guestTags that the guest reads
 */
export function machineMetadata(definition: Definition | undefined, tags: Output<Record<string, string>>, guestTags: readonly Tags[]) {
  const metadataOptions = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: hopLimit(definition) };
  if (guestTags.length === 0) return { metadataOptions, tags };
  return {
    metadataOptions: { ...metadataOptions, instanceMetadataTags: "enabled" },
    tags: all([tags, output(guestTags)]).apply(([tags, more]): Record<string, string> => Object.assign({}, readable(tags), ...more)),
  };
}

/**
 * How many hops the answer with a session's token may travel. One: no container behind the machine's own routing gets it. Two,
 * where a service in a network of its own names the metadata service in its `egress`: the machine's firewall still keeps it from
 * the others.
 *
 * Source: Amazon EC2 API Reference, "InstanceMetadataOptionsRequest", HttpPutResponseHopLimit: it is the IP packet's TTL, which
 * each router lowers by one.
 */
export function hopLimit(definition: Definition | undefined): 1 | 2 {
  const services = Object.values(definition?.services ?? {});
  const isNamed = services.some((service) => {
    if (isDeferred(service) || isDeferred(service.egress) || isDeferred(service.net)) return false;
    if (networkKind(service) !== "private") return false;
    return (service.egress ?? []).some((destination) => !isDeferred(destination) && covers(destination.to));
  });
  return isNamed ? 2 : 1;
}

/** Whether a destination names the address: only networks within 169.254.0.0/16 open what is closed there. See `firewall.ts`. */
function covers(to: unknown): boolean {
  if (typeof to !== "string") return false;
  const [address = "", bits = "32"] = to.split("/");
  const shift = 32 - Number(bits);
  const within = (one: string, other: string) => shift >= 32 || numberOf(one) >>> shift === numberOf(other) >>> shift;
  return /^[\d.]+$/.test(address) && Number(bits) >= 16 && within(address, METADATA);
}

function numberOf(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

// EC2 User Guide, "View tags for your EC2 instances using instance metadata": EC2 refuses to launch an instance with other keys
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wrong = Object.keys(tags).find((key) => /[^A-Za-z0-9+\-=.,_:@]/.test(key));
  if (wrong !== undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `tags: got the key ${JSON.stringify(wrong)}, wanted only letters, digits and + - = . , _ : @, because a machine with volumes or secrets reads its tags from metadata`,
      { path: "tags" },
    );
  return tags;
}
