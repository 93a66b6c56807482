import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";
import type { AssumedRole } from "./plugin/access/clients.ts";

/**
 * Who asks AWS, in a program. Whoever names one of these names all of them: nothing is then taken from the stack's AWS
 * provider, but what is left out is found as the AWS SDK finds it.
 *
 * @default the stack's AWS provider's
 */
export interface AwsAccessArgs {
  /** A profile of the shared configuration files. */
  readonly profile?: Input<string> | undefined;
  /** With `secretKey`; goes before a profile. */
  readonly accessKey?: Input<string> | undefined;
  readonly secretKey?: Input<string> | undefined;
  /** What comes with keys that expire. */
  readonly token?: Input<string> | undefined;
  /** A role to take on, or several, each by the one before it. */
  readonly assumeRole?: Input<AssumedRole | readonly AssumedRole[]> | undefined;
}

const KINDS = { profile: "text", accessKey: "secret", secretKey: "secret", token: "secret", assumeRole: "json" } as const satisfies Record<
  keyof AwsAccessArgs,
  SettingKind
>;

/** Members of a role. The type holds the list to the plugin's schema. */
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

/** Of {@link AwsAccessArgs}, what nobody may see. */
export const SECRETS = NAMES.filter((name) => KINDS[name] === "secret");

/** What of it the arguments of a component name. */
export function givenAccess(args: AwsAccessArgs): AwsAccessArgs {
  return Object.fromEntries(NAMES.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}

/**
 * Who uploads and who watches: whoever the arguments name, else the explicit AWS provider that the component was given,
 * else `aws:profile`, `aws:assumeRoles` and their like of the stack's configuration.
 */
export function accessOf(component: ComponentResource, args: AwsAccessArgs): AwsAccessArgs {
  const given = givenAccess(args);
  if (Object.keys(given).length > 0) return given;
  const { assumeRole, ...kinds } = KINDS;
  const { assumeRoles, ...settings } = providerSettings(component, "aws:ec2/ami:Ami", { ...kinds, assumeRoles: assumeRole });
  return { ...settings, ...(assumeRoles && { assumeRole: assumeRoles.apply(rolesOf) }) } as AwsAccessArgs;
}

/** A provider's roles as we take them on. How long a session lasts does not matter: the next one is asked for in time. */
function rolesOf(told: unknown): AssumedRole[] | undefined {
  return (told as object[] | undefined)?.map(
    (role) => Object.fromEntries(Object.entries(role).filter(([name]) => Object.hasOwn(ROLE_MEMBERS, name))) as unknown as AssumedRole,
  );
}
