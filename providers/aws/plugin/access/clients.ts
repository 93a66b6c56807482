import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import { ATTEMPTS, retriesOfEach } from "./retries.ts";

/** Credentials and region. The AWS SDK finds what is left out: environment, profiles, instance identity, `AWS_ENDPOINT_URL`… */
export interface AwsAccess {
  /** The region. @default what the AWS SDK finds: `AWS_REGION`, the profile @example "eu-central-1" */
  readonly region?: string | undefined;
  /** A profile of the shared configuration files. */
  readonly profile?: string | undefined;
  /** Together with `secretKey`; takes precedence over a profile. */
  readonly accessKey?: string | undefined;
  /** Together with `accessKey`. @default what the AWS SDK finds */
  readonly secretKey?: string | undefined;
  /** The session token of temporary keys. */
  readonly token?: string | undefined;
  /** A role to assume, or several, each assumed with the one before. */
  readonly assumeRole?: AssumedRole | readonly AssumedRole[] | undefined;
}

/** A role, named as Pulumi's AWS provider names it. Source: AWS STS API Reference, "AssumeRole". */
export interface AssumedRole {
  /** ARN of the role. @example "arn:aws:iam::123456789012:role/deploy" */
  readonly roleArn: string;
  /** The session's name, for CloudTrail. @default "pulumi-linuxkit" @example "deploy" */
  readonly sessionName?: string | undefined;
  /** What the role's owner asks for, where the role belongs to another account. @default none @example "acme-7" */
  readonly externalId?: string | undefined;
  /** A policy in JSON that limits the session's permissions. @default all of the role's */
  readonly policy?: string | undefined;
  /** Managed policies that limit the session's permissions, by ARN. @default none */
  readonly policyArns?: readonly string[] | undefined;
  /** Who began the session, for CloudTrail. @default none */
  readonly sourceIdentity?: string | undefined;
  /** Tags of the session. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Keys of `tags` that a next role in the chain keeps. @default none */
  readonly transitiveTagKeys?: readonly string[] | undefined;
}

/** Deadlines of one request in milliseconds; a request that misses one is retried. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 60_000;

/** Connections to one endpoint: one for each block in flight. */
const SOCKETS = 64;

/** The clients that uploads use, all with the same credentials. */
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
 * The configuration of every client: credentials, deadlines, and attempts.
 *
 * @throws INVALID_DEFINITION for only one of `accessKey` and `secretKey`
 */
export function clientConfig({ region, profile, accessKey, secretKey, token, assumeRole = [] }: AwsAccess) {
  if ((accessKey === undefined) !== (secretKey === undefined))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${accessKey === undefined ? "accessKey" : "secretKey"}: got nothing, wanted both accessKey and secretKey or neither`,
      { path: "accessKey" },
    );
  const keys = accessKey !== undefined &&
    secretKey !== undefined && {
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey, ...(token !== undefined && { sessionToken: token }) },
    };
  const found = { ...(region !== undefined && { region }), ...(profile !== undefined && { profile }) };
  // an agent of one's own uses a proxy only if it is told to (Node, "Class: http.Agent", proxyEnv)
  const agent = { maxSockets: SOCKETS, keepAlive: true, ...(process.env.NODE_USE_ENV_PROXY === "1" && { proxyEnv: process.env }) };
  const requestHandler = {
    connectionTimeout: CONNECT_MS,
    requestTimeout: ANSWER_MS,
    throwOnRequestTimeout: true,
    httpsAgent: agent,
    httpAgent: agent,
  };
  const common = { ...found, maxAttempts: ATTEMPTS, retryStrategy: retriesOfEach(), requestHandler };
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

/** The account and region that the clients use. */
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
