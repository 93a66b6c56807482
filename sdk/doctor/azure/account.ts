import type { ResourceManager } from "../../../providers/azure/plugin/access/resource-manager.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { actionsOf, allows, type Granted, type Part } from "./permissions.ts";

/** One resource group of one subscription, through Azure Resource Manager. */
export interface Group {
  readonly manager: ResourceManager;
  readonly subscription: string;
  /** Undefined where neither the program nor the command names one. */
  readonly name: string | undefined;
  readonly signal: AbortSignal;
}

/** Reads something; undefined where it does not exist. */
export function get<T>({ manager, signal }: Group, path: string, apiVersion: string, what: string): Promise<T | undefined> {
  return manager.ask<T>({ method: "GET", path, apiVersion, what }, signal);
}

/** Namespaces whose resources the components make. */
const NAMESPACES = ["Microsoft.Compute", "Microsoft.Network"];

/** Whether the group exists, no lock keeps what an update replaces, and the subscription knows the resource types. */
export async function checkGroup(group: Group): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("resource group");
  const { manager, subscription, name, signal } = group;
  const found: Finding[] = [];
  for (const namespace of NAMESPACES) {
    const path = `/subscriptions/${subscription}/providers/${namespace}`;
    // Source: Microsoft Learn, "Azure resource providers and types"
    const { registrationState = "" } = (await get<{ registrationState?: string }>(group, path, "2021-04-01", namespace)) ?? {};
    if (registrationState !== "Registered")
      found.push(
        refused(
          namespace,
          `the subscription has not registered it (${registrationState || "unknown"})`,
          `az provider register --namespace ${namespace}`,
        ),
      );
  }
  if (name === undefined) return found;
  const path = `/subscriptions/${subscription}/resourceGroups/${name}`;
  const place = await get<{ location: string }>(group, path, "2021-04-01", `resource group ${name}`);
  if (!place) return [...found, refused(name, "not found in the subscription", `az group create --name ${name} --location LOCATION`)];
  // Source: Microsoft Learn, "Lock your resources to protect your infrastructure"
  const locks = await manager.list<{ readonly name: string; readonly properties: { readonly level: string } }>(
    { path: `${path}/providers/Microsoft.Authorization/locks`, apiVersion: "2016-09-01", what: `locks of ${name}` },
    signal,
  );
  for (const { name: lock, properties } of locks) {
    const isShut = properties.level === "ReadOnly";
    found.push(
      (isShut ? refused : warning)(
        lock,
        `a lock (${properties.level}) on ${name} ${isShut ? "forbids every change" : "keeps images and machines that an update replaces"}`,
        `az lock delete --name ${lock} --resource-group ${name}, or use another group`,
      ),
    );
  }
  return [...found, ok(name, `in ${place.location}`)];
}

/** Whether the credentials may do what the parts of a program need. Source: REST API "Permissions - List For Resource Group". */
export async function checkRights({ manager, subscription, name, signal }: Group, parts: readonly Part[]): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("rights");
  const scope = `/subscriptions/${subscription}${name === undefined ? "" : `/resourceGroups/${name}`}`;
  const request = {
    path: `${scope}/providers/Microsoft.Authorization/permissions`,
    apiVersion: "2022-04-01",
    what: `permissions on ${name ?? subscription}`,
  };
  const grants = await manager.list<Granted>(request, signal);
  const wanted = actionsOf(parts);
  const lacking = wanted.filter((action) => !allows(grants, action));
  if (lacking.length === 0) return [ok(name ?? subscription, `the credentials may do all ${wanted.length} actions`)];
  return lacking.map((action) =>
    refused(
      action,
      `the credentials may not do this on ${name ?? subscription}`,
      "assign a role with it: --policy prints one for `az role definition create`",
    ),
  );
}
