import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Authority, authorityOf, type KeyPair, makeAuthority } from "../../api/certificate.ts";
import { input, resourceInputs } from "../../plugin/input.ts";
import type { ResourceType } from "../../plugin/resource-type.ts";
import { secret, UNKNOWN } from "../../plugin/value.ts";

/** Inputs of `linuxkit:index:ClusterKeys`. */
export const clusterKeysInputs = resourceInputs(
  "The authority of a cluster's nodes, a certificate for each node and one for the provider. Another number of days makes new ones.",
  {
    nodes: input("Names of the nodes, each of which gets a certificate.", z.array(z.string()), { onChange: "update" }),
    validDays: input("Days until the certificates expire.", z.int().min(1).max(36_500).default(3650)),
  },
  { onChange: "replace" },
);

export type ClusterKeysInputs = Readonly<z.output<typeof clusterKeysInputs>>;

const pair = z.object({ certificate: z.string(), key: z.string() });

const clusterKeysOutputs = z.object({
  ca: input("The authority's certificate, as PEM: no secret.", z.string()),
  authorityKey: input("The authority's own key, which signs for nodes that come later.", z.string(), { secret: true }),
  nodes: input("Certificate and key of each node, as PEM.", z.record(z.string(), pair), { secret: true }),
  client: input("Certificate and key of the provider, as PEM.", pair, { secret: true }),
});

export type ClusterKeysOutputs = Readonly<z.output<typeof clusterKeysOutputs>>;

/** The name in the authority's certificate. */
const AUTHORITY = "pulumi-linuxkit cluster";

/** Keys that are made once and kept in the stack's state. A node that comes later gets its own; one that goes takes its own along. */
export const clusterKeys: ResourceType<ClusterKeysInputs, ClusterKeysOutputs> = {
  token: "linuxkit:index:ClusterKeys",
  timeoutSeconds: 60,
  inputs: clusterKeysInputs,
  outputs: clusterKeysOutputs,
  preview: ({ old }) => ({
    ...(old ? { ca: old.outputs.ca, client: secret({ ...old.outputs.client }) } : { ca: UNKNOWN, client: UNKNOWN }),
    authorityKey: UNKNOWN,
    nodes: UNKNOWN,
  }),
  async create({ name, inputs }) {
    const authority = makeAuthority(AUTHORITY, inputs.validDays);
    const client = authority.issue({ name: "provider", use: "client" });
    const nodes = issued(authority, inputs, {});
    return { id: `${name}-${randomBytes(8).toString("hex")}`, outputs: sealed({ authority, client, nodes }) };
  },
  async update({ inputs, oldOutputs }) {
    const authority = authorityOf({ certificate: oldOutputs.ca, key: oldOutputs.authorityKey }, inputs.validDays);
    return { outputs: sealed({ authority, client: oldOutputs.client, nodes: issued(authority, inputs, oldOutputs.nodes) }) };
  },
};

function issued(authority: Authority, { nodes }: ClusterKeysInputs, had: Readonly<Record<string, KeyPair>>): Record<string, KeyPair> {
  const server = (name: string): KeyPair => authority.issue({ name, use: "server", names: [name, "localhost"] });
  return Object.fromEntries(nodes.map((name) => [name, (Object.hasOwn(had, name) ? had[name] : undefined) ?? server(name)]));
}

interface Made {
  readonly authority: Authority;
  readonly client: KeyPair;
  readonly nodes: Readonly<Record<string, KeyPair>>;
}

function sealed({ authority, client, nodes }: Made): ClusterKeysOutputs {
  const outputs = {
    ca: authority.certificate,
    authorityKey: secret(authority.key),
    nodes: secret(Object.fromEntries(Object.entries(nodes).map(([name, own]) => [name, { ...own }]))),
    client: secret({ ...client }),
  };
  return outputs as unknown as ClusterKeysOutputs;
}
