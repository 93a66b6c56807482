/**
 * Plays Azure Resource Manager: resources, parents, updates, locks by operations, lists.
 *
 * Source: Azure, "Naming rules and restrictions for Azure resources"; @pulumi/azure-native declares each body.
 * Judged by: test/azure/microsoft-clients.judge.test.ts.
 * Assumed: the codes and words of general errors, three items a page, and that one operation at a time locks a resource.
 */
import { randomUUID } from "node:crypto";
import { canonicalJson } from "../../../sdk/core/json.ts";
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import type { PulumiArguments } from "../pulumi-arguments.ts";
import { type ArmId, type ArmPath, idOf, keyOf, parentOf } from "./arm-id.ts";
import { flatten, updated, valueAt } from "./arm-shape.ts";
import { shownIdentity } from "./identities.ts";
import { Operation, type Work } from "./operation.ts";
import { AzureRefusal } from "./refusal.ts";

/** A stored resource. */
export interface ArmResource extends ArmId {
  readonly kind: ArmKind;
  readonly name: string;
  /** The body as requested. */
  body: Properties;
  etag: string;
  /** Its latest operation. */
  operation: Operation | undefined;
  failed: boolean;
}

/** A resource type, with the rules and effects of its requests. */
export interface ArmKind {
  /** `Microsoft.Compute/disks` */
  readonly type: string;
  /** The resource of @pulumi/azure-native whose arguments define the body. */
  readonly token: string;
  /** Arguments that hold the names in the path, outermost first: `["galleryName", "galleryImageName"]`. */
  readonly names: readonly string[];
  /** Whether it has a location. @default true */
  readonly placed?: boolean;
  /** From Azure's "Naming rules and restrictions for Azure resources". */
  readonly naming: RegExp;
  /** Paths of properties that cannot change. @default none */
  readonly immutable?: readonly string[];
  /** Throws Azure's error for a wrong request. @param old the existing resource */
  check?(resource: ArmResource, old: ArmResource | undefined): void;
  /** The work that a PUT or PATCH starts. @default none: the change is immediate */
  apply?(resource: ArmResource, old: ArmResource | undefined): Work | undefined;
  /** Computed members of `properties`. */
  show?(resource: ArmResource, query: URLSearchParams): Properties;
  /** Actions (POST) and views (GET) below a resource; undefined if unknown. */
  below?(
    resource: ArmResource,
    method: string,
    rest: readonly string[],
    body: Properties,
    query: URLSearchParams,
  ): Properties | Work | undefined;
  /** Throws if the resource cannot be deleted. */
  mayRemove?(resource: ArmResource): void;
  removed?(resource: ArmResource): void;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body?: Properties | undefined;
  readonly operation?: Operation | undefined;
}

const PAGE = 3;

/** The resources of one subscription and the answers to requests, without HTTP. */
export class Arm {
  readonly subscription: string;
  readonly tenant: string;
  /** All resource types. */
  readonly kinds: readonly ArmKind[];
  /** Location of each resource group by its name in lower case. */
  readonly groups = new Map<string, string>();
  readonly resources = new Map<string, ArmResource>();
  readonly operations = new Map<string, Operation>();
  /** Polls of an operation before its first step. */
  idlePolls = 1;
  readonly #args: PulumiArguments;

  constructor({
    subscription,
    tenant,
    kinds,
    args,
  }: { readonly subscription: string; readonly tenant: string; readonly kinds: readonly ArmKind[]; readonly args: PulumiArguments }) {
    this.subscription = subscription;
    this.tenant = tenant;
    this.kinds = kinds;
    this.#args = args;
  }

  /** A resource by ID; undefined if not found or of another type. */
  find(id: string | undefined, type: string): ArmResource | undefined {
    const found = id === undefined ? undefined : this.resources.get(keyOf(id));
    return found?.type.toLowerCase() === type.toLowerCase() ? found : undefined;
  }

  of(type: string): ArmResource[] {
    return [...this.resources.values()].filter((resource) => resource.type === type);
  }

  /** Splits a path into resource type, resource ID (undefined for a list) and the rest. */
  locate(path: ArmPath): { readonly kind: ArmKind; readonly id: ArmId | undefined; readonly rest: readonly string[] } {
    const pairs: [string, string][] = [];
    let kind: ArmKind | undefined;
    let at = 0;
    for (; at < path.segments.length; at += 2) {
      const [type = "", name] = path.segments.slice(at, at + 2);
      const next = this.kinds.find(
        (candidate) => candidate.type.toLowerCase() === [path.namespace, ...pairs.map(([type]) => type), type].join("/").toLowerCase(),
      );
      if (!next) break;
      kind = next;
      if (name === undefined) return { kind, id: undefined, rest: [] };
      pairs.push([type, name]);
    }
    if (!kind)
      throw new AzureRefusal(
        404,
        "InvalidResourceType",
        `The resource type '${path.segments[0]}' could not be found in the namespace '${path.namespace}'.`,
      );
    const { id, ...rest } = idOf(path, pairs);
    return { kind, id: { id, ...rest, type: kind.type }, rest: path.segments.slice(at) };
  }

  handle(
    method: string,
    path: ArmPath,
    body: Properties = {},
    query = new URLSearchParams(),
    headers: Readonly<Record<string, string | undefined>> = {},
  ): ArmAnswer {
    if (path.subscription !== this.subscription)
      throw new AzureRefusal(404, "SubscriptionNotFound", `The subscription '${path.subscription}' could not be found.`);
    if (!this.groups.has(path.group.toLowerCase()))
      throw new AzureRefusal(404, "ResourceGroupNotFound", `Resource group '${path.group}' could not be found.`);
    const { kind, id, rest } = this.locate(path);
    if (!id) return this.#list(method, kind, path, query);
    if (rest.length > 0) return this.#below(method, this.#existing(id), rest, body, query);
    switch (method) {
      case "PUT": {
        const old = this.resources.get(keyOf(id.id));
        return this.#put(kind, id, body, old && kind.type.startsWith("Microsoft.Compute/") ? updated(old.body, body) : body, headers);
      }
      case "PATCH": {
        const old = this.#existing(id);
        return this.#put(kind, id, body, updated(old.body, body), headers);
      }
      case "GET": {
        this.#existing(id).operation?.advance();
        // that step may have deleted it
        return { status: 200, body: this.view(this.#existing(id), query) };
      }
      case "DELETE":
        return this.#remove(id);
      default:
        throw new AzureRefusal(405, "MethodNotAllowed", `${method} is not supported for '${id.id}'`);
    }
  }

  /** The body of an answer that shows a resource. */
  view(resource: ArmResource, query = new URLSearchParams()): Properties {
    const { id, name, type, kind, body, etag } = resource;
    const asked = isProperties(body.properties) ? body.properties : {};
    return {
      ...body,
      ...(isProperties(body.identity) && { identity: shownIdentity(id, this.tenant, body.identity) }),
      id,
      name,
      type,
      etag,
      properties: { ...asked, ...kind.show?.(resource, query), provisioningState: stateOf(resource) },
    };
  }

  start(work: Work, idle = this.idlePolls): Operation {
    const operation = new Operation(work, idle);
    this.operations.set(operation.id, operation);
    return operation;
  }

  /** @param body the resulting body: `given` merged into the existing one */
  #put(kind: ArmKind, id: ArmId, given: Properties, body: Properties, headers: Readonly<Record<string, string | undefined>>): ArmAnswer {
    const old = this.resources.get(keyOf(id.id));
    const name = id.names.at(-1) as string;
    this.#checkParent(id);
    if (!kind.naming.test(name))
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The entity name '${kind.names.at(-1)}' in '${name}' is invalid according to its validation rule: ${kind.naming.source}.`,
      );
    const args = {
      ...flatten(body),
      resourceGroupName: id.group,
      ...Object.fromEntries(kind.names.map((argument, index) => [argument, id.names[index]])),
    };
    const tag = isProperties(given.tags) ? Object.entries(given.tags).find(([, value]) => typeof value !== "string") : undefined;
    if (tag) throw new AzureRefusal(400, "InvalidTagValue", `The value of tag '${tag[0]}' is not a string.`);
    const [wrong] = this.#args.wrong(kind.token, args);
    if (wrong) throw new AzureRefusal(400, "InvalidParameter", `${wrong.path}: ${wrong.message}`);
    if ((kind.placed ?? true) && typeof body.location !== "string")
      throw new AzureRefusal(400, "LocationRequired", "The location property is required for this definition.");
    if (old) this.#checkChange(kind, old, body, headers);
    if (!old && headers["if-match"] !== undefined)
      throw new AzureRefusal(412, "PreconditionFailed", "The specified precondition is not met: the resource does not exist.");
    const resource: ArmResource = {
      ...id,
      kind,
      name,
      body: { ...body, ...(typeof body.location === "string" && { location: placeOf(body.location) }) },
      etag: `W/"${randomUUID()}"`,
      operation: undefined,
      failed: false,
    };
    kind.check?.(resource, old);
    const work = kind.apply?.(resource, old);
    this.resources.set(keyOf(id.id), resource);
    resource.operation = this.start({
      step: () => {
        try {
          return work?.step?.() ?? true;
        } catch (error) {
          resource.failed = true;
          throw error;
        }
      },
      result: () => work?.result?.(),
    });
    return { status: old ? 200 : 201, body: this.view(resource), operation: resource.operation };
  }

  #checkParent(id: ArmId): void {
    if (id.names.length === 1) return;
    const parent = this.resources.get(keyOf(parentOf(id.id)));
    if (!parent)
      throw new AzureRefusal(
        404,
        "ParentResourceNotFound",
        `Failed to perform 'write' on resource(s) of type '${id.type}', because the parent resource '${parentOf(id.id)}' could not be found.`,
      );
    if (stateOf(parent) !== "Succeeded")
      throw new AzureRefusal(409, "Conflict", `The parent resource '${parent.id}' is in state '${stateOf(parent)}'.`);
  }

  #checkChange(kind: ArmKind, old: ArmResource, body: Properties, headers: Readonly<Record<string, string | undefined>>): void {
    if (
      headers["if-none-match"] === "*" ||
      (headers["if-match"] !== undefined && headers["if-match"] !== old.etag && headers["if-match"] !== "*")
    )
      throw new AzureRefusal(412, "PreconditionFailed", "The specified precondition is not met.");
    if (old.operation?.status === "InProgress")
      throw new AzureRefusal(409, "OperationNotAllowed", `Another operation is in progress on '${old.id}'. Try again when it is done.`);
    for (const path of ["location", ...(kind.immutable ?? [])]) {
      const [before, now] = [old.body, body].map((each) => valueAt(each, path));
      const same = path === "location" ? placeOf(String(now)) === before : canonicalJson(now) === canonicalJson(before);
      if (now !== undefined && !same)
        throw new AzureRefusal(409, "PropertyChangeNotAllowed", `Changing property '${path.replace(/^properties\./, "")}' is not allowed.`);
    }
  }

  #existing({ id, group, type, names }: ArmId): ArmResource {
    const found = this.resources.get(keyOf(id));
    if (!found)
      throw new AzureRefusal(
        404,
        "ResourceNotFound",
        `The Resource '${type}/${names.join("/")}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      );
    return found;
  }

  #below(method: string, resource: ArmResource, rest: readonly string[], body: Properties, query: URLSearchParams): ArmAnswer {
    if (method === "POST" && resource.operation?.status === "InProgress" && rest[0] !== "rollingUpgrades")
      throw new AzureRefusal(
        409,
        "OperationNotAllowed",
        `Another operation is in progress on '${resource.id}'. Try again when it is done.`,
      );
    const answer = resource.kind.below?.(resource, method, rest, body, query);
    if (answer === undefined)
      throw new AzureRefusal(404, "NotFound", `${method} ${resource.id}/${rest.join("/")} is not a known operation`);
    if (method === "GET") return { status: 200, body: answer as Properties };
    return { status: 202, operation: this.start(answer as Work) };
  }

  #remove(id: ArmId): ArmAnswer {
    const found = this.resources.get(keyOf(id.id));
    if (!found) return { status: 204 };
    if (found.operation?.status === "InProgress")
      throw new AzureRefusal(409, "OperationNotAllowed", `Another operation is in progress on '${found.id}'. Try again when it is done.`);
    if ([...this.resources.keys()].some((key) => key.startsWith(`${keyOf(id.id)}/`)))
      throw new AzureRefusal(409, "CannotDeleteResource", `Can not delete resource before nested resources are deleted: '${found.id}'.`);
    found.kind.mayRemove?.(found);
    const operation = this.start({
      step: () => {
        this.resources.delete(keyOf(id.id));
        found.kind.removed?.(found);
        return true;
      },
    });
    found.operation = operation;
    return { status: 202, operation };
  }

  /** Azure returns lists in pages. */
  #list(method: string, kind: ArmKind, path: ArmPath, query: URLSearchParams): ArmAnswer {
    if (method !== "GET") throw new AzureRefusal(405, "MethodNotAllowed", `${method} is not supported for a list`);
    const prefix = keyOf(
      `/subscriptions/${path.subscription}/resourceGroups/${path.group}/providers/${path.namespace}/${path.segments.join("/")}/`,
    );
    for (const { operation } of this.of(kind.type)) operation?.advance();
    const all = this.of(kind.type).filter(({ id }) => keyOf(id).startsWith(prefix));
    const from = Number(query.get("$skiptoken") ?? 0);
    const more = from + PAGE < all.length;
    return {
      status: 200,
      body: {
        value: all.slice(from, from + PAGE).map((resource) => this.view(resource, query)),
        ...(more && { nextLink: String(from + PAGE) }),
      },
    };
  }
}

/** `West Europe` to `westeurope`. */
export const placeOf = (location: string): string => location.replace(/ /g, "").toLowerCase();

/** Value of `provisioningState`. */
export function stateOf({ operation, failed }: ArmResource): string {
  if (failed) return "Failed";
  return operation?.status === "InProgress" ? "Updating" : "Succeeded";
}
