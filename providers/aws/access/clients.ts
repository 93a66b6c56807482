import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

/** Who asks AWS, and where. What is left out is found as the AWS SDK finds it: environment, profiles, instance identity, `AWS_ENDPOINT_URL`… */
export interface AwsAccess {
  readonly region?: string | undefined;
  /** A profile of the shared configuration files. */
  readonly profile?: string | undefined;
  /** A role to take on, by the identity that was found. */
  readonly assumeRole?: { readonly roleArn: string; readonly sessionName?: string | undefined; readonly externalId?: string | undefined } | undefined;
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

/** What every client of one identity is made with: the SDK's own configuration, our deadlines and tries. */
export function clientConfig({ region, profile, assumeRole }: AwsAccess) {
  const found = { ...(region !== undefined && { region }), ...(profile !== undefined && { profile }) };
  const requestHandler = { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true, httpsAgent: { maxSockets: SOCKETS, keepAlive: true }, httpAgent: { maxSockets: SOCKETS, keepAlive: true } };
  const common = { ...found, maxAttempts: ATTEMPTS, requestHandler };
  const credentials = assumeRole && credentialsOf(new STSClient(common), assumeRole);
  return { ...common, ...(credentials && { credentials }) };
}

function credentialsOf(sts: STSClient, { roleArn, sessionName = "pulumi-linuxkit", externalId }: NonNullable<AwsAccess["assumeRole"]>) {
  return async () => {
    const { Credentials: got } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName, ExternalId: externalId }));
    if (!got?.AccessKeyId || !got.SecretAccessKey) throw new LinuxKitError("ACCESS_DENIED", `aws AssumeRole ${roleArn}: got no credentials`, { url: roleArn, status: 200 });
    return { accessKeyId: got.AccessKeyId, secretAccessKey: got.SecretAccessKey, sessionToken: got.SessionToken as string, expiration: got.Expiration as Date };
  };
}

/** Account and region that the clients work in. */
export async function whoAmI({ sts, ebs }: AwsClients, signal: AbortSignal): Promise<{ readonly account: string; readonly region: string }> {
  const [{ Account: account = "" }, region] = await Promise.all([sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }), ebs.config.region()]);
  return { account, region };
}
