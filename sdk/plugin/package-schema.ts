import type { z } from "zod";
import type { Json } from "../core/json.ts";
import { notesOf, unwrapped } from "./input.ts";
import type { AnyResourceType, Provider } from "./provider.ts";

type Spec = { readonly [name: string]: Json };
type Types = Record<string, Spec>;
type Side = "optin" | "optout";

const ANY: Spec = { $ref: "pulumi.json#/Any" };

/**
 * The provider's Pulumi package schema, as JSON: other languages' SDKs are generated from it
 * (https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/).
 */
export async function packageSchema(provider: Provider): Promise<string> {
  const types: Types = {};
  const resources: Record<string, Spec> = {};
  for (const [token, load] of Object.entries(provider.types)) resources[token] = await resourceSpec(await load(), types);
  const variables = Object.fromEntries(Object.entries(provider.config).map(([key, description]) => [key, { type: "string", description }]));
  return JSON.stringify({
    name: provider.name,
    version: provider.version,
    config: { variables },
    provider: { inputProperties: variables },
    types,
    resources,
  });
}

async function resourceSpec(type: AnyResourceType, types: Types): Promise<Spec> {
  const forms = type.forms ? await type.forms() : [type];
  const inputs = forms.map(({ inputs }) => objectSpec(inputs, type.token, types, "optin"));
  const outputs = forms.map(({ outputs }) => objectSpec(outputs, type.token, types, "optout"));
  return {
    description: type.description ?? forms.flatMap(({ inputs }) => (inputs ? (notesOf(inputs)?.description ?? []) : []))[0] ?? "",
    inputProperties: merged(inputs),
    requiredInputs: inEach(inputs),
    properties: merged(outputs),
    required: inEach(outputs),
  };
}

interface ObjectSpec {
  readonly properties: Record<string, Spec>;
  readonly required: readonly string[];
}

function objectSpec(schema: z.core.$ZodType | undefined, token: string, types: Types, side: Side): ObjectSpec {
  const { shape = {} } = (schema?._zod.def ?? {}) as { readonly shape?: Readonly<Record<string, z.core.$ZodType>> };
  const members = Object.entries(shape);
  return {
    properties: Object.fromEntries(members.map(([name, member]) => [name, propertySpec(member, tokenOf(token, name), types, side)])),
    required: members.filter(([, member]) => member._zod[side] === undefined).map(([name]) => name),
  };
}

// where the forms of a type have an input of one name, the first one describes it
function merged(forms: readonly ObjectSpec[]): Spec {
  return Object.assign({}, ...forms.map(({ properties }) => properties).reverse());
}

function inEach(forms: readonly ObjectSpec[]): string[] {
  const [first, ...others] = forms;
  return (first?.required ?? []).filter((name) => others.every(({ required }) => required.includes(name)));
}

/** `linuxkit:index:ImageBuild` and `secureBoot`: `linuxkit:index:ImageBuildSecureBoot`. */
function tokenOf(token: string, name: string): string {
  return `${token}${name.charAt(0).toUpperCase()}${name.slice(1).replace(/\W/g, "")}`;
}

function propertySpec(schema: z.core.$ZodType, token: string, types: Types, side: Side): Spec {
  const notes = unwrapped(schema).flatMap((inner) => notesOf(inner) ?? []);
  const [described] = notes;
  const value = defaultOf(schema);
  return {
    ...typeSpec(schema, token, types, side),
    ...(described && { description: described.description }),
    ...(notes.some(({ secret }) => secret) && { secret: true }),
    ...((typeof value === "string" || typeof value === "number" || typeof value === "boolean") && { default: value }),
  };
}

function typeSpec(schema: z.core.$ZodType, token: string, types: Types, side: Side): Spec {
  const { def } = schema._zod as unknown as { readonly def: Readonly<Record<string, unknown>> };
  const inner = (of: unknown): Spec => typeSpec(of as z.core.$ZodType, token, types, side);
  switch (def.type) {
    case "string":
    case "boolean":
      return { type: def.type };
    case "number":
      return { type: def.format === undefined && !isWhole(def) ? "number" : "integer" };
    case "literal":
    case "enum":
      return { type: "string" };
    case "array":
      return { type: "array", items: inner(def.element) };
    case "record":
      return { type: "object", additionalProperties: inner(def.valueType) };
    case "object":
      types[token] ??= { type: "object", ...objectSpec(schema, token, types, side) } as unknown as Spec;
      return { $ref: `#/types/${token}` };
    case "union": {
      const specs = new Map((def.options as readonly unknown[]).map((option) => [JSON.stringify(inner(option)), inner(option)]));
      const [first, ...others] = specs.values();
      return others.length === 0 && first ? first : { oneOf: [...specs.values()] };
    }
    case "optional":
    case "default":
    case "nullable":
    case "readonly":
      return inner(def.innerType);
    case "pipe":
      return inner((def.in as z.core.$ZodType)._zod.def.type === "transform" ? def.out : def.in);
    default:
      return ANY;
  }
}

function isWhole({ checks = [] }: { readonly checks?: readonly z.core.$ZodCheck[] }): boolean {
  return checks.some((check) => check._zod.def.check === "number_format");
}

function defaultOf(schema: z.core.$ZodType): unknown {
  return unwrapped(schema)
    .map((inner) => inner._zod.def as { readonly type: string; readonly defaultValue?: unknown })
    .find(({ type }) => type === "default")?.defaultValue;
}
