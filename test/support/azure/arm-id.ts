import { AzureRefusal } from "./refusal.ts";

/** A resource's ID and its parts. */
export interface ArmId {
  /** As Azure writes it: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/disks/D`. */
  readonly id: string;
  readonly subscription: string;
  readonly group: string;
  /** `Microsoft.Compute/galleries/images` */
  readonly type: string;
  /** Names of the parents and of the resource, outermost first. */
  readonly names: readonly string[];
}

/** A path below a resource group: a resource with an optional action or view, or a list of resources. */
export interface ArmPath {
  readonly subscription: string;
  readonly group: string;
  readonly namespace: string;
  /** The rest of the path: `["disks", "d", "beginGetAccess"]`. */
  readonly segments: readonly string[];
}

/** @returns undefined for a path that is not below a resource provider */
export function parsePath(path: string): ArmPath | undefined {
  const match = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/(.+)$/i.exec(decodeURIComponent(path));
  if (!match) return undefined;
  const [, subscription = "", group = "", namespace = "", rest = ""] = match;
  return { subscription, group, namespace, segments: rest.split("/") };
}

/** The resource that the leading type and name pairs of a path identify. */
export function idOf({ subscription, group, namespace }: ArmPath, pairs: readonly (readonly [string, string])[]): ArmId {
  const type = [namespace, ...pairs.map(([kind]) => kind)].join("/");
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${namespace}/${pairs.flat().join("/")}`;
  return { id, subscription, group, type, names: pairs.map(([, name]) => name) };
}

/** @throws LinkedInvalidPropertyId if the text is not a resource ID */
export function parentOf(id: string): string {
  const parent = id.split("/").slice(0, -2).join("/");
  if (!/\/providers\/[^/]+\/.+/.test(id))
    throw new AzureRefusal(400, "LinkedInvalidPropertyId", `Property id '${id}' is invalid. Expect fully qualified resource Id.`);
  return parent;
}

/** Key for comparing IDs, which ignore case. */
export const keyOf = (id: string): string => id.toLowerCase();
