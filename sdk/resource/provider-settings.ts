import { Config } from "@pulumi/pulumi/config.js";
import { type Output, output, secret } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";

/** How a setting is kept: as it stands; as a secret; as what its JSON says, in which providers keep all that is no text. */
export type SettingKind = "text" | "secret" | "json";

/** Settings by name; one that is not set is missing, or an output of nothing. */
export type Settings<Kinds> = { readonly [Name in keyof Kinds]?: Output<Kinds[Name] extends "json" ? unknown : string | undefined> };

/**
 * What a cloud's provider was told, as the engine has it for a component: by the arguments of the explicit provider that
 * the component was given, and by nothing else then; without one, by `pulumi config`.
 *
 * @param type any type of the provider's: `aws:ec2/ami:Ami`
 */
export function providerSettings<const Kinds extends Readonly<Record<string, SettingKind>>>(component: ComponentResource, type: string, kinds: Kinds): Settings<Kinds> {
  const explicit = component.getProvider(type) as unknown as Readonly<Record<string, Output<unknown> | undefined>> | undefined;
  const config = new Config(type.split(":")[0]);
  const read = (name: string, kind: SettingKind): unknown => (explicit ? explicit[name] : kind === "secret" ? config.getSecret(name) : config.get(name));
  const found = Object.entries(kinds).flatMap(([name, kind]) => {
    const value = read(name, kind);
    return value === undefined ? [] : [[name, output(value).apply((value) => kept(value, kind))]];
  });
  return Object.fromEntries(found) as Settings<Kinds>;
}

function kept(value: unknown, kind: SettingKind): unknown {
  if (value === undefined) return undefined;
  if (kind === "secret") return secret(value);
  return kind === "json" && typeof value === "string" ? JSON.parse(value) : value;
}
