import { Config } from "@pulumi/pulumi/config.js";
import { type Output, output, secret } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import * as runtime from "@pulumi/pulumi/runtime/config.js";
import { LinuxKitError } from "../core/errors.ts";

/** The kind of a setting: text, a secret text, or JSON, in which providers keep everything but text. */
export type SettingKind = "text" | "secret" | "json";

/** Settings by name; one that is not set is missing, or an output of undefined. */
export type Settings<Kinds> = { readonly [Name in keyof Kinds]?: Output<Kinds[Name] extends "json" ? unknown : string | undefined> };

/**
 * The settings of a cloud's provider for a component: the arguments of the component's explicit provider and nothing else,
 * or, without one, `pulumi config`. Secrets stay secret.
 *
 * @param type any type of the provider: `aws:ec2/ami:Ami`
 * @throws INVALID_DEFINITION for configuration that must be JSON and is not
 */
export function providerSettings<const Kinds extends Readonly<Record<string, SettingKind>>>(
  component: ComponentResource,
  type: string,
  kinds: Kinds,
): Settings<Kinds> {
  const explicit = component.getProvider(type) as unknown as Readonly<Record<string, Output<unknown> | undefined>> | undefined;
  const found = Object.entries(kinds).flatMap(([name, kind]) => {
    const value = explicit ? explicit[name] : configured(type.split(":")[0] as string, name, kind);
    return value === undefined ? [] : [[name, output(value).apply((value) => kept(value, kind))]];
  });
  return Object.fromEntries(found) as Settings<Kinds>;
}

/** Not declared in the SDK's types. `Config` itself uses it to warn about secrets that are read as plain text. */
const { isConfigSecret = () => false } = runtime as { readonly isConfigSecret?: (key: string) => boolean };

function configured(space: string, name: string, kind: SettingKind): unknown {
  const config = new Config(space);
  const text = isConfigSecret(`${space}:${name}`) ? config.getSecret(name) : config.get(name);
  if (kind !== "json" || text === undefined) return text;
  return output(text).apply((text) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `configuration ${space}:${name}: got text that is not JSON, wanted a value that \`pulumi config set --path\` writes`,
        { path: `${space}:${name}` },
      );
    }
  });
}

function kept(value: unknown, kind: SettingKind): unknown {
  if (value === undefined) return undefined;
  if (kind === "secret") return secret(value);
  return kind === "json" && typeof value === "string" ? JSON.parse(value) : value;
}
