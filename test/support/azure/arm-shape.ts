/**
 * Converts between the bodies of Azure Resource Manager and the flat arguments of @pulumi/azure-native.
 *
 * Source: Azure, "PUT calls for creation or updates on compute resources"; for tags, Azure/typespec-azure#1234.
 * Judged by: test/providers/models.judge.test.ts: Microsoft's models say which members are read-only and which lie below
 * `properties`.
 */
import { isProperties, type Properties, type Value } from "../../../sdk/plugin/value.ts";
import { AzureRefusal } from "./refusal.ts";

/** Members of a resource beside `properties`. */
const ENVELOPE = ["location", "tags", "sku", "zones", "identity", "plan", "extendedLocation", "kind"];

/** Read-only members beside `properties`. A request may send them back; they have no effect. */
const ANSWERED = ["id", "name", "type", "etag", "systemData", "managedBy", "managedByExtended"];

/** Read-only members below `properties`. */
const READ_ONLY = [
  "provisioningState",
  "timeCreated",
  "uniqueId",
  "vmId",
  "diskState",
  "diskSizeBytes",
  "instanceView",
  "exactVersion",
  "resourceGuid",
  "publishedDate",
  "replicationStatus",
];

/** Lists whose items have their own `properties`, and the members beside it. @pulumi/azure-native flattens that level. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  networkInterfaces: ["id"],
  networkInterfaceConfigurations: ["name", "tags"],
  ipConfigurations: ["name", "id"],
  publicIPAddressConfiguration: ["name", "sku", "tags"],
  frontendIPConfigurations: ["name", "id", "zones"],
  backendAddressPools: ["name", "id"],
  loadBalancingRules: ["name", "id"],
  probes: ["name", "id"],
  outboundRules: ["name", "id"],
  securityRules: ["name", "id"],
  subnets: ["name", "id"],
  extensions: ["name"],
};

/**
 * Converts a request's body to the arguments of @pulumi/azure-native, which have no `properties` level.
 *
 * @throws InvalidRequestContent for a member on the wrong level
 */
export function flatten(body: Properties): Properties {
  const { properties = {}, ...beside } = body;
  const misplaced = Object.keys(beside).find((name) => !ENVELOPE.includes(name) && !ANSWERED.includes(name));
  if (misplaced !== undefined) throw noMember(misplaced, "ResourceDefinition", misplaced);
  if (!isProperties(properties))
    throw new AzureRefusal(400, "InvalidRequestContent", "The request content was invalid: 'properties' is not an object.");
  const inner = Object.keys(properties).find((name) => ENVELOPE.includes(name));
  if (inner !== undefined) throw noMember(inner, "Properties", `properties.${inner}`);
  const { identity, ...rest } = pick(beside, ENVELOPE);
  return {
    ...rest,
    ...(isProperties(identity) && { identity: identityArguments(identity) }),
    ...(flattenValue(properties, "properties") as Properties),
  };
}

function flattenValue(value: Value | undefined, path: string, key = ""): Value | undefined {
  if (Array.isArray(value)) return value.map((item, index) => flattenValue(item as Value, `${path}[${index}]`, key) as Value);
  if (!isProperties(value)) return value;
  const beside = NESTED[key];
  if (!beside) return mapMembers(writable(value), (inner, name) => flattenValue(inner, `${path}.${name}`, name));
  const { properties, ...rest } = value;
  const misplaced = Object.keys(rest).find((name) => !beside.includes(name) && !ANSWERED.includes(name));
  if (misplaced !== undefined) throw noMember(misplaced, key, `${path}.${misplaced}`);
  const below = isProperties(properties)
    ? mapMembers(writable(properties), (inner, name) => flattenValue(inner, `${path}.properties.${name}`, name))
    : {};
  return { ...pick(rest, beside), ...below };
}

/** Converts the arguments of @pulumi/azure-native to the body of a request. */
export function unflatten(args: Properties, names: readonly string[]): Properties {
  const beside = pick(args, ENVELOPE);
  const rest = Object.fromEntries(Object.entries(args).filter(([name]) => !ENVELOPE.includes(name) && !names.includes(name)));
  return {
    ...beside,
    ...(isProperties(beside.identity) && { identity: identityBody(beside.identity) }),
    properties: mapMembers(rest, unflattenValue),
  };
}

function unflattenValue(value: Value | undefined, key: string): Value | undefined {
  if (Array.isArray(value)) return value.map((item) => unflattenValue(item as Value, key) as Value);
  if (!isProperties(value)) return value;
  const inner = mapMembers(value, unflattenValue);
  const beside = NESTED[key];
  if (!beside) return inner;
  const properties = Object.fromEntries(Object.entries(inner).filter(([name]) => !beside.includes(name)));
  return { ...pick(inner, beside), ...(Object.keys(properties).length > 0 && { properties }) };
}

/** Converts an answer to the outputs of @pulumi/azure-native. */
export function outputsOf(answer: Properties): Properties {
  const { properties, ...beside } = answer;
  return { ...beside, ...(isProperties(properties) && (withoutLevels(properties) as Properties)) };
}

function withoutLevels(value: Value | undefined, key = ""): Value | undefined {
  if (Array.isArray(value)) return value.map((item) => withoutLevels(item as Value, key) as Value);
  if (!isProperties(value)) return value;
  const { properties, ...beside } = value;
  return mapMembers(NESTED[key] && isProperties(properties) ? { ...beside, ...properties } : value, withoutLevels);
}

/** Converts a list of IDs, as in @pulumi/azure-native, to a map by ID, as in Azure. */
function identityBody({ userAssignedIdentities, ...rest }: Properties): Properties {
  if (!Array.isArray(userAssignedIdentities)) return rest;
  return { ...rest, userAssignedIdentities: Object.fromEntries(userAssignedIdentities.map((id) => [String(id), {}])) };
}

function identityArguments({ userAssignedIdentities, ...rest }: Properties): Properties {
  return { ...rest, ...(isProperties(userAssignedIdentities) && { userAssignedIdentities: Object.keys(userAssignedIdentities) }) };
}

/** The value at a path such as `properties.creationData.createOption`; undefined if any part is missing. */
export function valueAt(body: Properties, path: string): Value | undefined {
  return path.split(".").reduce<Value | undefined>((value, name) => (isProperties(value) ? value[name] : undefined), body);
}

export function textAt(body: Properties, path: string): string | undefined {
  const value = valueAt(body, path);
  return typeof value === "string" ? value : undefined;
}

/** The objects of a list; empty if the list is missing. */
export function listAt(body: Properties, path: string): readonly Properties[] {
  const value = valueAt(body, path);
  return Array.isArray(value) ? (value as readonly Value[]).filter(isProperties) : [];
}

/**
 * Applies a PUT or PATCH to a resource of Microsoft.Compute. A member that is missing or null keeps its value; lists and
 * tags are replaced as a whole.
 */
export function updated(body: Properties, change: Properties): Properties {
  const { tags, ...rest } = change;
  return { ...merged(body, rest), ...(tags !== undefined && { tags }) };
}

function merged(body: Properties, change: Properties): Properties {
  const result: Record<string, Value | undefined> = { ...body };
  for (const [name, value] of Object.entries(change)) {
    const old = body[name];
    if (value !== null && value !== undefined) result[name] = isProperties(value) ? merged(isProperties(old) ? old : {}, value) : value;
  }
  return result;
}

function noMember(member: string, type: string, path: string): AzureRefusal {
  return new AzureRefusal(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: 'Could not find member '${member}' on object of type '${type}'. Path '${path}''.`,
  );
}

function writable(body: Properties): Properties {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.includes(name)));
}

function pick(body: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}

function mapMembers(body: Properties, change: (value: Value | undefined, name: string) => Value | undefined): Properties {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, change(value, name)]));
}
