import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { AccessArgs } from "../../sdk/machine/args.ts";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";
import type { AssumedRole, AwsAccess } from "./plugin/access/clients.ts";

/**
 * Credentials for uploads and rollouts. If any member is set, nothing is taken from the stack's AWS provider; the AWS SDK
 * finds the rest (environment, profiles, instance identity).
 *
 * @default the credentials of the stack's AWS provider
 */
export type AwsAccessArgs = AccessArgs<Omit<AwsAccess, "region">>;

const KINDS = { profile: "text", accessKey: "secret", secretKey: "secret", token: "secret", assumeRole: "json" } as const satisfies Record<
  keyof AwsAccessArgs,
  SettingKind
>;

/** Members of a role. The type checks the list against the plugin's. */
const ROLE_MEMBERS: Readonly<Record<keyof AssumedRole, true>> = {
  roleArn: true,
  sessionName: true,
  externalId: true,
  policy: true,
  policyArns: true,
  sourceIdentity: true,
  tags: true,
  transitiveTagKeys: true,
};

const NAMES = Object.keys(KINDS) as (keyof AwsAccessArgs)[];

/** The secret members of {@link AwsAccessArgs}. */
export const SECRETS = NAMES.filter((name) => KINDS[name] === "secret");

/** The credentials that a component's arguments set. */
export function givenAccess(args: AwsAccessArgs): AwsAccessArgs {
  return Object.fromEntries(NAMES.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}

/**
 * The credentials of a component's uploads and gates: its arguments, else its explicit AWS provider, else the stack's
 * configuration (`aws:profile`, `aws:assumeRoles`…).
 */
export function accessOf(component: ComponentResource, args: AwsAccessArgs): AwsAccessArgs {
  const given = givenAccess(args);
  if (Object.keys(given).length > 0) return given;
  const { assumeRole, ...kinds } = KINDS;
  const { assumeRoles, ...settings } = providerSettings(component, "aws:ec2/ami:Ami", { ...kinds, assumeRoles: assumeRole });
  return { ...settings, ...(assumeRoles && { assumeRole: assumeRoles.apply(rolesOf) }) } as AwsAccessArgs;
}

/** A provider's roles without the members that are left out here: `duration` is one, because sessions are renewed in time. */
function rolesOf(configured: unknown): AssumedRole[] | undefined {
  return (configured as object[] | undefined)?.map(
    (role) => Object.fromEntries(Object.entries(role).filter(([name]) => Object.hasOwn(ROLE_MEMBERS, name))) as unknown as AssumedRole,
  );
}
