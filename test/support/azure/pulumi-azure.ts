/**
 * Plays `pulumi-resource-azure-native` on top of the server's Azure Resource Manager.
 *
 * Source: @pulumi/azure-native declares every input and configuration key; the stand-in refuses others.
 * Source: Azure/azure-cli#6927, on deleting a resource group with disks that are in access.
 * Assumed: names of eight hexadecimal digits, and which changes replace a resource beside the names in its path.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { Provider } from "../../../sdk/plugin/provider.ts";
import type { Properties, Value } from "../../../sdk/plugin/value.ts";
import { type StandInType, standInProvider, Unfinished } from "../stand-in.ts";
import type { Arm, ArmAnswer, ArmKind, ArmResource } from "./arm.ts";
import { record } from "../models/recorded.ts";
import { apiVersions } from "./api-versions.ts";
import { keyOf, parsePath } from "./arm-id.ts";
import { outputsOf, unflatten } from "./arm-shape.ts";
import type { AzureServer } from "./azure-server.ts";
import { AzureRefusal } from "./refusal.ts";

/** Inputs that force a replacement beside the names in the path: Azure's specification marks them as set at creation only. */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  "azure-native:network:PublicIPAddress": ["publicIPAddressVersion", "publicIPPrefix", "sku"],
};

/** Outputs that are known only after creation. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  "azure-native:network:PublicIPAddress": ["ipAddress"],
  "azure-native:managedidentity:UserAssignedIdentity": ["principalId", "clientId", "tenantId"],
};

/**
 * Makes the provider. It passes on the errors of Azure Resource Manager and waits for operations. Like the real provider,
 * it generates missing names, defaults to the location of the resource group, and keeps a resource whose operation failed.
 */
export function pulumiAzure(server: AzureServer): Provider {
  const { arm, entra } = server;
  const client = {
    clientId: "aaaaaaaa-bbbb-cccc-dddd-000000000000",
    objectId: "aaaaaaaa-bbbb-cccc-dddd-000000000000",
    subscriptionId: arm.subscription,
    tenantId: entra.tenant,
  };
  return standInProvider({
    name: "azure-native",
    config: configKeys(),
    types: [resourceGroup(server), ...arm.kinds.map((kind) => resourceType(arm, kind))],
    functions: {
      "azure-native:authorization:getClientConfig": async () => client,
      "azure-native:resources:getResourceGroup": async ({ resourceGroupName }) => {
        const location = arm.groups.get(keyOf(String(resourceGroupName)));
        if (location === undefined)
          throw new Error(
            `Status=404 Code="ResourceGroupNotFound" Message="Resource group '${String(resourceGroupName)}' could not be found."`,
          );
        return {
          id: groupId(arm, String(resourceGroupName)),
          name: resourceGroupName,
          location,
          type: "Microsoft.Resources/resourceGroups",
        };
      },
    },
  });
}

function resourceType(arm: Arm, kind: ArmKind): StandInType {
  const named = kind.names.at(-1) as string;
  const put = async (id: string, inputs: Properties, signal: AbortSignal): Promise<Properties> => {
    const { url, body } = stockRequest(arm, kind, id, inputs);
    const answer = ask(arm, "PUT", id, body);
    record({ cloud: "azure", method: "PUT", url, body });
    try {
      await settled(answer, signal);
    } catch (error) {
      throw new Unfinished({ id, outputs: outputsOf(ask(arm, "GET", id).body ?? {}) }, error as Error);
    }
    return outputsOf(ask(arm, "GET", id).body ?? {});
  };
  return {
    token: kind.token,
    replaces: ["resourceGroupName", "location", ...kind.names, ...(REPLACES[kind.token] ?? [])],
    computed: ["name", ...(COMPUTED[kind.token] ?? [])],
    async create(name, inputs, signal) {
      const id = stockId(arm, kind, inputs, inputs[named] ?? autoName(name));
      if (arm.resources.has(keyOf(id))) throw new Error(`cannot create already existing resource '${id}'`);
      return { id, outputs: await put(id, inputs, signal) };
    },
    update: (id, inputs, _, signal) => put(id, inputs, signal),
    exists: (id) => arm.resources.has(keyOf(id)),
    remove: async (id) => settled(ask(arm, "DELETE", id), AbortSignal.timeout(60_000)),
  };
}

/** The id of a resource of that name. */
export function stockId(arm: Arm, kind: ArmKind, inputs: Properties, name: Value | undefined): string {
  const [namespace, ...types] = kind.type.split("/");
  const pairs = types.map((type, index) => `${type}/${String(index === types.length - 1 ? name : inputs[kind.names[index] as string])}`);
  return `${groupId(arm, String(inputs.resourceGroupName))}/providers/${namespace}/${pairs.join("/")}`;
}

/** What the provider sends to create or update a resource, in the version that the class is made of. */
export function stockRequest(arm: Arm, kind: ArmKind, id: string, inputs: Properties): { readonly url: string; readonly body: Properties } {
  const location = inputs.location ?? arm.groups.get(keyOf(String(inputs.resourceGroupName)));
  const body = unflatten({ ...inputs, ...((kind.placed ?? true) && location !== undefined && { location }) }, [
    "resourceGroupName",
    ...kind.names,
  ]);
  return { url: `${id}?api-version=${apiVersions(kind.token)[0]}`, body: withoutSelf(body, id) as Properties };
}

/** Deleting a resource group deletes its content, but fails if a disk has active access. */
function resourceGroup({ arm, disks }: AzureServer): StandInType {
  const within = (id: string) => [...arm.resources.values()].filter((resource) => keyOf(resource.id).startsWith(`${keyOf(id)}/`));
  return {
    token: "azure-native:resources:ResourceGroup",
    replaces: ["resourceGroupName", "location"],
    computed: ["name"],
    create(name, { resourceGroupName, location }) {
      const group = String(resourceGroupName ?? autoName(name));
      arm.groups.set(keyOf(group), String(location));
      return { id: groupId(arm, group), outputs: { name: group, location, type: "Microsoft.Resources/resourceGroups" } };
    },
    exists: (id) => arm.groups.has(keyOf(id.split("/").at(-1) as string)),
    remove(id) {
      const all = within(id).sort((a, b) => Number(isMachine(b)) - Number(isMachine(a)));
      const open = all.find((resource) => resource.kind === disks.kind && disks.stateOf(resource).startsWith("Active"));
      if (open) throw new Error(`disk ${open.name} has active access`);
      for (const resource of all) if (arm.resources.delete(keyOf(resource.id))) resource.kind.removed?.(resource);
      arm.groups.delete(keyOf(id.split("/").at(-1) as string));
    },
  };
}

/** Machines and scale sets use other resources, so they are deleted first. */
const isMachine = ({ type }: ArmResource): boolean => type.startsWith("Microsoft.Compute/virtualMachine");

/** @throws an error in the form of the provider */
function ask(arm: Arm, method: string, id: string, body?: Properties): ArmAnswer {
  const path = parsePath(id);
  if (!path) throw new Error(`${id} is not a resource ID`);
  try {
    return arm.handle(method, path, body, new URLSearchParams({ $expand: "userData" }));
  } catch (error) {
    throw error instanceof AzureRefusal ? providerError(error) : error;
  }
}

async function settled({ operation }: ArmAnswer, signal: AbortSignal): Promise<void> {
  for (; operation?.status === "InProgress"; operation.advance()) await sleep(10, undefined, { signal });
  if (operation?.error) throw providerError(operation.error);
}

function providerError({ status, code, message }: AzureRefusal): Error {
  return new Error(`Status=${status} Code="${code}" Message="${message}"`);
}

/** Puts a resource's own id where its parts refer to each other by `$self`. Source: pulumi-azure-native, pull request 2478. */
function withoutSelf(value: Value, id: string): Value {
  if (typeof value === "string") return value.replace(/^\$self(?=\/)/, id);
  if (Array.isArray(value)) return value.map((item) => withoutSelf(item as Value, id));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutSelf(member as Value, id)]));
}

function groupId({ subscription }: Arm, group: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}`;
}

let named = 0;

function autoName(name: string): string {
  return `${name}${createHash("sha256").update(`${name}${named++}`).digest("hex").slice(0, 8)}`;
}

function configKeys(): string[] {
  const text = readFileSync(createRequire(import.meta.url).resolve("@pulumi/azure-native/config/vars.d.ts"), "utf8");
  return [...text.matchAll(/^export declare const (\w+):/gm)].map(([, name]) => name as string);
}
