/**
 * Plays Azure Resource Manager's HTTP surface: API versions, long-running operations, paging links, errors.
 *
 * Source: @pulumi/azure-native declares the API versions of each type.
 * Judged by: test/azure/microsoft-clients.judge.test.ts (@azure/arm-compute polls its operations).
 * Assumed: that a poll sooner than Retry-After is throttled; the words of messages.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import { apiVersions } from "./api-versions.ts";
import type { Arm, ArmAnswer } from "./arm.ts";
import { parsePath } from "./arm-id.ts";
import type { HttpAnswer } from "./blob-requests.ts";
import type { Operation } from "./operation.ts";
import { AzureRefusal } from "./refusal.ts";

/** How clients must poll the operations of the stand-in. */
export interface Polling {
  /** Value of `Retry-After` in seconds; an earlier poll is throttled. */
  readonly retryAfterSeconds: number;
  /** Time of the last poll by operation ID. */
  readonly asked: Map<string, number>;
}

const OPERATION = /^\/subscriptions\/[^/]+\/providers\/Microsoft\.[A-Za-z]+\/locations\/[^/]+\/operations\/([^/]+)$/;

/** `PUT disks`, `POST disks/beginGetAccess`, `GET virtualMachineScaleSets/rollingUpgrades/latest`, `GET operations`… */
export function armAction(arm: Arm, method: string, path: string): string {
  if (OPERATION.test(path)) return `${method} operations`;
  const parsed = parsePath(path);
  if (!parsed) return `${method} ${/resourcegroups/i.test(path) ? "resourceGroups" : "subscriptions"}`;
  try {
    const { kind, rest } = arm.locate(parsed);
    return `${method} ${[kind.type.replace(/^[^/]+\//, ""), ...rest.filter((part) => !/^\d+$/.test(part))].join("/")}`;
  } catch {
    return "unknown";
  }
}

/** The answer to a request with a valid token. */
export function armRequest(arm: Arm, polling: Polling, origin: string, request: IncomingMessage, url: URL, body: Buffer): HttpAnswer {
  const { method = "" } = request;
  const version = url.searchParams.get("api-version");
  if (version === null)
    throw new AzureRefusal(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  const operation = OPERATION.exec(url.pathname)?.[1];
  if (operation !== undefined) return json(poll(arm, polling, operation, url));
  const given = jsonBody(request, body);
  const parsed = parsePath(url.pathname);
  if (!parsed) return json(outside(arm, method, url.pathname, given));
  const { kind } = arm.locate(parsed);
  const known = apiVersions(kind.token);
  if (!known.includes(version))
    throw new AzureRefusal(
      400,
      "NoRegisteredProviderFound",
      `No registered resource provider found for API version '${version}' for type '${kind.type.replace(/^[^/]+\//, "")}'. The supported api-versions are '${known.join(", ")}'.`,
    );
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = request.headers;
  const answer = arm.handle(method, parsed, given, url.searchParams, { "if-match": ifMatch, "if-none-match": ifNoneMatch });
  const { nextLink } = answer.body ?? {};
  if (typeof nextLink === "string") {
    const next = new URL(url.href.replace(url.origin, origin));
    next.searchParams.set("$skiptoken", nextLink);
    return json({ ...answer, body: { ...answer.body, nextLink: next.href } });
  }
  if (!answer.operation) return json(answer);
  return json(answer, pollHeaders(arm, answer.operation, polling, origin, parsed.namespace, version));
}

function pollHeaders(
  { subscription }: Arm,
  { id }: Operation,
  { retryAfterSeconds }: Polling,
  origin: string,
  namespace: string,
  version: string,
): Record<string, string> {
  const address = `${origin}/subscriptions/${subscription}/providers/${namespace}/locations/westeurope/operations/${id}?api-version=${version}`;
  return { "azure-asyncoperation": address, location: `${address}&monitor=true`, "retry-after": String(retryAfterSeconds) };
}

function poll(
  arm: Arm,
  { retryAfterSeconds, asked }: Polling,
  id: string,
  url: URL,
): ArmAnswer & { readonly headers?: Record<string, string> } {
  const operation = arm.operations.get(id);
  if (!operation) throw new AzureRefusal(404, "NotFound", `The operation '${id}' was not found.`);
  const now = Date.now();
  // a timer may fire a little early
  if (now - (asked.get(id) ?? 0) < retryAfterSeconds * 1000 - 50)
    throw new AzureRefusal(429, "TooManyRequests", "The operation was polled sooner than Retry-After allows.", {
      "retry-after": String(retryAfterSeconds),
    });
  asked.set(id, now);
  operation.advance();
  if (url.searchParams.get("monitor") !== "true")
    return {
      status: 200,
      body: operation.view,
      headers: operation.status === "InProgress" ? { "retry-after": String(retryAfterSeconds) } : {},
    };
  if (operation.error) throw operation.error;
  if (operation.status === "InProgress") return { status: 202, headers: { location: url.href, "retry-after": String(retryAfterSeconds) } };
  const resource = [...arm.resources.values()].find((each) => each.operation === operation);
  return { status: 200, body: operation.output ?? (resource && arm.view(resource)) };
}

/** Subscriptions and resource groups. */
function outside(arm: Arm, method: string, path: string, body: Properties | undefined): ArmAnswer {
  const [, subscription, group, more] = /^\/subscriptions\/([^/]+)(?:\/resourcegroups\/([^/]+))?(\/.*)?$/i.exec(path) ?? [];
  if (subscription === undefined || more !== undefined) throw new AzureRefusal(404, "InvalidResourceType", `no resource at ${path}`);
  if (subscription !== arm.subscription)
    throw new AzureRefusal(404, "SubscriptionNotFound", `The subscription '${subscription}' could not be found.`);
  if (group === undefined)
    return {
      status: 200,
      body: {
        id: `/subscriptions/${subscription}`,
        subscriptionId: subscription,
        displayName: "test",
        state: "Enabled",
        tenantId: arm.tenant,
      },
    };
  if (method === "PUT") {
    if (typeof body?.location !== "string")
      throw new AzureRefusal(400, "LocationRequired", "The location property is required for this definition.");
    arm.groups.set(group.toLowerCase(), body.location);
  }
  const location = arm.groups.get(group.toLowerCase());
  if (location === undefined) throw new AzureRefusal(404, "ResourceGroupNotFound", `Resource group '${group}' could not be found.`);
  return {
    status: method === "PUT" ? 201 : 200,
    body: {
      id: `/subscriptions/${subscription}/resourceGroups/${group}`,
      name: group,
      type: "Microsoft.Resources/resourceGroups",
      location,
      properties: { provisioningState: "Succeeded" },
    },
  };
}

function jsonBody(request: IncomingMessage, body: Buffer): Properties | undefined {
  if (body.length === 0) {
    if (request.method === "PUT" || request.method === "PATCH")
      throw new AzureRefusal(400, "InvalidRequestContent", "The request content was invalid: it is empty.");
    return undefined;
  }
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw new AzureRefusal(
      415,
      "UnsupportedMediaType",
      `The content media type '${request.headers["content-type"]}' is not supported. Only 'application/json' is supported.`,
    );
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (isProperties(parsed)) return parsed;
  } catch {
    // refused below
  }
  throw new AzureRefusal(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.");
}

function json(
  { status, body, headers = {} }: ArmAnswer & { readonly headers?: Record<string, string> },
  more: Record<string, string> = {},
): HttpAnswer {
  return {
    status,
    headers: {
      ...headers,
      ...more,
      "content-type": "application/json; charset=utf-8",
      "x-ms-correlation-request-id": randomUUID(),
      "x-ms-ratelimit-remaining-subscription-writes": "1199",
    },
    ...(body && { body: JSON.stringify(body) }),
  };
}

/** An error in the form of Azure Resource Manager. */
export function armRefusal({ status, code, message, headers }: AzureRefusal): HttpAnswer {
  return {
    status,
    headers: { ...headers, "content-type": "application/json; charset=utf-8", "x-ms-failure-cause": "service" },
    body: JSON.stringify({ error: { code, message } }),
  };
}
