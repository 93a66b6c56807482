import { LinuxKitError } from "../core/errors.ts";
import type { ResourceType } from "./resource-type.ts";
import type { Properties } from "./value.ts";

/** A resource type with any inputs and outputs; the engine's side knows properties only. */
// biome-ignore lint/suspicious/noExplicitAny: each type narrows its own inputs and outputs
export type AnyResourceType = ResourceType<any, any>;

/** A provider: a name, a version, a table of resource types, each loaded when it is first asked for, and functions. */
export interface Provider {
  /** The package in type tokens: `linuxkit`. */
  readonly name: string;
  readonly version: string;
  readonly types: Readonly<Record<string, () => Promise<AnyResourceType>>>;
  /** Functions that programs may call, by token: `linuxkit:index:getSomething`. @default none */
  readonly functions?: Readonly<Record<string, (args: Properties) => Promise<Properties>>>;
  /** The keys of the stack's configuration (`linuxkit:KEY`) that this provider reads, each with its meaning. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * The type that a URN names, `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`.
 *
 * @throws UNSUPPORTED for a type that is not in the table
 */
export async function typeOf(provider: Provider, urn: string): Promise<AnyResourceType> {
  const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const load = Object.hasOwn(provider.types, token) ? provider.types[token] : undefined;
  if (!load) {
    const known = Object.keys(provider.types).join(", ");
    throw new LinuxKitError(
      "UNSUPPORTED",
      `resource type ${token} not found in pulumi-linuxkit ${provider.version}, wanted one of ${known}`,
      {
        what: token,
      },
    );
  }
  return load();
}
