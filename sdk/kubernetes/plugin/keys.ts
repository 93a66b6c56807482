import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { checkInputs, type Rule } from "../../plugin/check-inputs.ts";
import { input, resourceInputs } from "../../plugin/input.ts";
import type { ResourceType } from "../../plugin/resource-type.ts";
import { secret, UNKNOWN } from "../../plugin/value.ts";
import { kubernetesVersion, upgradeProblem } from "../version.ts";
import { administrator, type Authorities, type KeyHolder, type MachineSecrets, machineSecrets, makeAuthorities } from "../keys.ts";

const machine = z.strictObject({
  address: input("Its address in the machines' network.", z.ipv4()),
  role: input("control-plane or worker.", z.enum(["control-plane", "worker"])),
  names: input("Further names by which clients reach it.", z.array(z.string()).default([])),
  addresses: input("Further addresses by which clients reach it.", z.array(z.ipv4()).default([])),
});

/** Inputs of `linuxkit:index:KubernetesKeys`. */
export const kubernetesKeysInputs = resourceInputs(
  "The authorities of a Kubernetes cluster, and the keys of its machines. A new machine gets keys; those of others stay.",
  {
    machines: input("Machines by name.", z.record(z.string().min(1), machine), { onChange: "update" }),
    pods: input("Addresses of pods.", z.cidrv4()),
    services: input("Addresses of Kubernetes' services.", z.cidrv4()),
    version: input(
      "The version that the cluster is to have. One that Kubernetes' version skew policy does not allow after the former is refused.",
      z.string().refine((text) => kubernetesVersion(text) !== undefined, 'a version such as "1.34.4"'),
      { onChange: "update" },
    ),
    validDays: input("Days until the certificates expire.", z.int().min(1).max(36_500).default(3650)),
    generation: input("Any text; another one makes new keys.", z.string().default("")),
  },
  { onChange: "replace" },
);

export type KubernetesKeysInputs = Readonly<z.output<typeof kubernetesKeysInputs>>;

const pair = z.object({ certificate: z.string(), key: z.string() });

/** Outputs of `linuxkit:index:KubernetesKeys`. */
export const kubernetesKeysOutputs = z.object({
  ...kubernetesKeysInputs.shape,
  certificate: input("The authority of the API servers, as PEM: no secret.", z.string()),
  administrator: input("The keys of a client that may do everything, as PEM.", pair, { secret: true }),
  secrets: input(
    "The secrets of each machine, by service and by name.",
    z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))),
    {
      secret: true,
    },
  ),
  authorities: input(
    "The keys that sign all others.",
    z.object({ cluster: pair, etcd: pair, frontProxy: pair, serviceAccounts: z.string() }),
    {
      secret: true,
    },
  ),
});

export type KubernetesKeysOutputs = Readonly<z.output<typeof kubernetesKeysOutputs>>;

/** Keys of a cluster, made once and kept in the stack's state. */
export const kubernetesKeys: ResourceType<KubernetesKeysInputs, KubernetesKeysOutputs> = {
  token: "linuxkit:index:KubernetesKeys",
  timeoutSeconds: 60,
  inputs: kubernetesKeysInputs,
  outputs: kubernetesKeysOutputs,
  check: ({ inputs, oldInputs, isSecret }) =>
    checkInputs(kubernetesKeysInputs, inputs, {
      isSecret,
      rules: [follows(oldInputs?.["version"]), keepsMembers(oldInputs?.["machines"])],
    }),
  preview: ({ inputs, old }) => ({
    ...(old ? old.outputs : { certificate: UNKNOWN, administrator: UNKNOWN, authorities: UNKNOWN }),
    ...inputs,
    secrets: old && isDeepStrictEqual(old.inputs.machines, inputs["machines"]) ? old.outputs.secrets : UNKNOWN,
  }),
  async create({ name, inputs }) {
    const { validDays: days } = inputs;
    const authorities = makeAuthorities(days);
    const issued = { administrator: administrator({ authorities, days }), secrets: secretsOf(inputs, authorities) };
    return { id: `${name}-${randomBytes(8).toString("hex")}`, outputs: outputsOf(inputs, { authorities, ...issued }) };
  },
  async update({ inputs, oldInputs, oldOutputs }) {
    const { authorities, administrator } = oldOutputs;
    const secrets = secretsOf(inputs, authorities, { machines: oldInputs.machines, secrets: oldOutputs.secrets });
    return { outputs: outputsOf(inputs, { authorities, administrator, secrets }) };
  },
};

function follows(old: unknown): Rule {
  return ({ version }, fail) => {
    const problem = typeof old === "string" && typeof version === "string" ? upgradeProblem(old, version) : undefined;
    if (problem !== undefined) fail(["version"], problem);
  };
}

/**
 * The members of etcd are those with which it began. Another number of them is a change that etcd itself must be asked for, one member
 * after the other (etcd.io, "Runtime reconfiguration").
 */
function keepsMembers(old: unknown): Rule {
  return ({ machines }, fail) => {
    const [had, has] = [controlPlanes(old), controlPlanes(machines)];
    if (had === 0 || has === 0 || had === has) return;
    fail(
      ["machines"],
      `got ${has} machines of the control plane, but the cluster has ${had}: wanted controlPlane: ${had}, or another cluster`,
    );
  };
}

function controlPlanes(machines: unknown): number {
  const each: unknown[] = typeof machines === "object" && machines !== null ? Object.values(machines) : [];
  return each.filter((machine) => (machine as { readonly role?: unknown } | null)?.role === "control-plane").length;
}

type Issued = Pick<KubernetesKeysOutputs, "authorities" | "administrator" | "secrets">;

/** The secrets of all machines. One that is as it was keeps its own, and so is not started again. */
function secretsOf(
  inputs: KubernetesKeysInputs,
  authorities: Authorities,
  old: { readonly machines: Readonly<Record<string, KeyHolder>>; readonly secrets: Readonly<Record<string, MachineSecrets>> } = {
    machines: {},
    secrets: {},
  },
): Issued["secrets"] {
  const issuer = { authorities, networks: inputs, days: inputs.validDays };
  return Object.fromEntries(
    Object.entries(inputs.machines).map(([name, holder]) => {
      const kept = isDeepStrictEqual(old.machines[name], holder) ? old.secrets[name] : undefined;
      return [name, kept ?? machineSecrets(name, holder, issuer)];
    }),
  ) as Issued["secrets"];
}

function outputsOf(inputs: KubernetesKeysInputs, { authorities, administrator, secrets }: Issued): KubernetesKeysOutputs {
  return {
    ...inputs,
    certificate: authorities.cluster.certificate,
    administrator: secret(administrator),
    secrets: secret(secrets),
    authorities: secret(authorities),
  } as unknown as KubernetesKeysOutputs;
}
