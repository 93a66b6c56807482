import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";

/** Who asks AWS, and where. What is left out is found as the AWS SDK finds it: environment, profiles, instance identity, `AWS_ENDPOINT_URL`… */
export interface AwsAccess {
  readonly region?: string | undefined;
  /** A profile of the shared configuration files. */
  readonly profile?: string | undefined;
  /** With `secretKey`: goes before a profile. */
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /** What comes with keys that expire. */
  readonly token?: string | undefined;
  /** A role to take on, by the identity that was found; or several, each by the one before it. */
  readonly assumeRole?: AssumedRole | readonly AssumedRole[] | undefined;
}

/** A role, named as Pulumi's AWS provider names it. Source: AWS STS API Reference, "AssumeRole". */
export interface AssumedRole {
  readonly roleArn: string;
  /** @default "pulumi-linuxkit" */
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  /** JSON: what of the role's rights the session has. @default all */
  readonly policy?: string | undefined;
  readonly policyArns?: readonly string[] | undefined;
  readonly sourceIdentity?: string | undefined;
  /** Of the session. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly transitiveTagKeys?: readonly string[] | undefined;
}

/** Deadlines of one request, milliseconds; it is tried anew afterwards. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 60_000;

/** Tries of one request, the first one among them; the SDK waits longer after each, with jitter. */
const ATTEMPTS = 12;

/** Connections to one endpoint: one for each block that is under way. */
const SOCKETS = 64;

/** The clients of one identity, for snapshots. */
export interface AwsClients {
  readonly ebs: EBSClient;
  readonly ec2: EC2Client;
  readonly sts: STSClient;
}

export function awsClients(access: AwsAccess): AwsClients {
  const config = clientConfig(access);
  return { ebs: new EBSClient(config), ec2: new EC2Client(config), sts: new STSClient(config) };
}

/**
 * What every client of one identity is made with: the SDK's own configuration, our deadlines and tries.
 *
 * @throws INVALID_DEFINITION for a key without its other half
 */
export function clientConfig({ region, profile, accessKey, secretKey, token, assumeRole = [] }: AwsAccess) {
  if ((accessKey === undefined) !== (secretKey === undefined))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${accessKey === undefined ? "accessKey" : "secretKey"}: got none, wanted both accessKey and secretKey or neither`,
      { path: "accessKey" },
    );
  const keys = accessKey !== undefined &&
    secretKey !== undefined && {
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey, ...(token !== undefined && { sessionToken: token }) },
    };
  const found = { ...(region !== undefined && { region }), ...(profile !== undefined && { profile }) };
  const requestHandler = {
    connectionTimeout: CONNECT_MS,
    requestTimeout: ANSWER_MS,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: SOCKETS, keepAlive: true },
    httpAgent: { maxSockets: SOCKETS, keepAlive: true },
  };
  const common = { ...found, maxAttempts: ATTEMPTS, requestHandler };
  let config: typeof common & Pick<STSClientConfig, "credentials"> = { ...common, ...keys };
  for (const role of [assumeRole].flat()) config = { ...common, credentials: credentialsOf(new STSClient(config), role) };
  return config;
}

function credentialsOf(sts: STSClient, { roleArn, sessionName = "pulumi-linuxkit", ...role }: AssumedRole) {
  const command = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ExternalId: role.externalId,
    Policy: role.policy,
    PolicyArns: role.policyArns?.map((arn) => ({ arn })),
    SourceIdentity: role.sourceIdentity,
    Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
    TransitiveTagKeys: role.transitiveTagKeys && [...role.transitiveTagKeys],
  });
  return async () => {
    const { Credentials: got } = await sts.send(command);
    if (!got?.AccessKeyId || !got.SecretAccessKey)
      throw new LinuxKitError("ACCESS_DENIED", `aws AssumeRole ${roleArn}: got no credentials`, { url: roleArn, status: 200 });
    return {
      accessKeyId: got.AccessKeyId,
      secretAccessKey: got.SecretAccessKey,
      sessionToken: got.SessionToken as string,
      expiration: got.Expiration as Date,
    };
  };
}

/** Account and region that the clients work in. */
export async function whoAmI(
  { sts, ebs }: AwsClients,
  signal: AbortSignal,
): Promise<{ readonly account: string; readonly region: string }> {
  const [{ Account: account = "" }, region] = await Promise.all([
    sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
    ebs.config.region(),
  ]);
  return { account, region };
}
