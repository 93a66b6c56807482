import { randomBytes } from "node:crypto";
import { z } from "zod";
import { makeMachineKeys, type MachineKeys } from "../../api/keys.ts";
import { input, resourceInputs } from "../../plugin/input.ts";
import type { ResourceType } from "../../plugin/resource-type.ts";
import { secret, UNKNOWN } from "../../plugin/value.ts";

/** Inputs of `linuxkit:index:ApiKeys`. */
export const apiKeysInputs = resourceInputs(
  "The keys of machines' interface and of its clients. Another number of days, or another generation, makes new ones.",
  {
    validDays: input("Days until the certificates expire.", z.int().min(1).max(36_500).default(3650)),
    generation: input("Any text; another one makes new keys.", z.string().default("")),
  },
  { onChange: "replace" },
);

export type ApiKeysInputs = Readonly<z.output<typeof apiKeysInputs>>;

const pem = (description: string) => input(description, z.string());

/** Outputs of `linuxkit:index:ApiKeys`. */
export const apiKeysOutputs = z.object({
  validDays: input("Days until the certificates expire.", z.int()),
  generation: input("The generation that was given.", z.string()),
  clientCa: pem("The authority of the clients, as PEM: no secret."),
  certificate: pem("The machine's certificate, as PEM: no secret."),
  key: input("The machine's private key, as PEM.", z.string(), { secret: true }),
  reader: input("JSON with the keys of a client that may only read: a file of `--keys`.", z.string(), { secret: true }),
  administrator: input("JSON with the keys of a client that may run commands: a file of `--keys`.", z.string(), { secret: true }),
});

export type ApiKeysOutputs = Readonly<z.output<typeof apiKeysOutputs>>;

/** Keys that are made once and kept in the stack's state. */
export const apiKeys: ResourceType<ApiKeysInputs, ApiKeysOutputs> = {
  token: "linuxkit:index:ApiKeys",
  timeoutSeconds: 60,
  inputs: apiKeysInputs,
  outputs: apiKeysOutputs,
  preview: ({ inputs, old }) =>
    old
      ? { ...old.outputs }
      : { ...inputs, clientCa: UNKNOWN, certificate: UNKNOWN, key: UNKNOWN, reader: UNKNOWN, administrator: UNKNOWN },
  async create({ name, inputs }) {
    return { id: `${name}-${randomBytes(8).toString("hex")}`, outputs: outputsOf(inputs, makeMachineKeys(name, inputs.validDays)) };
  },
};

function outputsOf(inputs: ApiKeysInputs, { clientCa, server, reader, administrator }: MachineKeys): ApiKeysOutputs {
  return {
    ...inputs,
    clientCa,
    certificate: server.certificate,
    key: secret(server.key),
    reader: secret(JSON.stringify(reader)),
    administrator: secret(JSON.stringify(administrator)),
  } as unknown as ApiKeysOutputs;
}
