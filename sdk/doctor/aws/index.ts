import { EC2Client } from "@aws-sdk/client-ec2";
import { type AwsAccess, awsClients, clientConfig, whoAmI } from "../../../providers/aws/plugin/access/clients.ts";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import type { Asked, CloudDoctor } from "../cloud.ts";
import type { Check } from "../examine.ts";
import { findingsOf } from "../finding.ts";
import { checkEncryption } from "./encryption.ts";
import { checkFirewall, checkSubnets } from "./network.ts";
import { policyOf } from "./permissions.ts";
import { checkGroups, checkQuotas } from "./quotas.ts";
import { checkRights } from "./rights.ts";
import { checkTypes } from "./types.ts";
import { partsOf, policyFacts, wantedMachines } from "./wanted.ts";

/** Attempts at one request: fewer than an update's, since a person waits. */
const ATTEMPTS = 4;

const PLACEHOLDER = "000000000000";

/** The checks of an account of AWS, with the credentials that an update would use. */
export const awsDoctor: CloudDoctor = {
  stock: "@pulumi/aws",
  answers: (asked) => ({
    getRegion: { region: regionOf(asked) ?? "us-east-1", name: regionOf(asked) ?? "us-east-1" },
    getCallerIdentity: { accountId: asked.place["account"] ?? PLACEHOLDER },
    getSubnet: { availabilityZone: `${regionOf(asked) ?? "us-east-1"}a` },
  }),
  identity: (asked) => ({ name: "credentials", run: (signal) => checkIdentity(accessOf(asked), asked, signal) }),
  policy: (asked) => policyOf(policyFacts(asked, regionOf(asked))),
  checks(asked) {
    const config = { ...clientConfig(accessOf(asked)), maxAttempts: ATTEMPTS };
    const machines = wantedMachines(asked);
    const ec2 =
      (use: (client: EC2Client, signal: AbortSignal) => ReturnType<Check["run"]>): Check["run"] =>
      async (signal) => {
        const client = new EC2Client(config);
        try {
          return await use(client, signal);
        } finally {
          client.destroy();
        }
      };
    const fleets = machines.filter(({ isFleet }) => isFleet).length;
    return [
      { name: "rights", run: ec2((client, signal) => checkRights(client, partsOf(asked), machines, signal)) },
      { name: "encryption", run: ec2((client, signal) => checkEncryption(client, asked, signal)) },
      ...(machines.length === 0
        ? []
        : [
            { name: "instance type", run: ec2((client, signal) => checkTypes(client, machines, signal)) },
            { name: "quota", run: ec2((client, signal) => checkQuotas(client, config, machines, signal)) },
          ]),
      ...(fleets === 0 ? [] : [{ name: "quota", run: (signal: AbortSignal) => checkGroups(config, fleets, signal) }]),
      ...machines.flatMap((one) => [
        { name: "subnet", run: ec2((client, signal) => checkSubnets(client, one, signal)) },
        { name: "firewall", run: ec2((client, signal) => checkFirewall(client, one, signal)) },
      ]),
    ];
  },
};

function regionOf({ place, config, env }: Asked): string | undefined {
  return place["region"] ?? config["aws:region"] ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
}

function accessOf(asked: Asked): AwsAccess {
  const region = regionOf(asked);
  const profile = asked.place["profile"] ?? asked.config["aws:profile"];
  return { ...(region !== undefined && { region }), ...(profile !== undefined && { profile }), ...asked.access };
}

async function checkIdentity(access: AwsAccess, { place }: Asked, signal: AbortSignal) {
  const { ok, refused } = findingsOf("credentials");
  const clients = awsClients(access);
  try {
    const { account, region } = await whoAmI(clients, signal);
    const wanted = place["account"];
    if (wanted !== undefined && wanted !== account)
      return [
        refused(
          account,
          `the credentials are for account ${account}, wanted ${wanted}`,
          "choose another profile: --profile, or AWS_PROFILE",
        ),
      ];
    return [ok(account, `account ${account}, region ${region}`)];
  } catch (thrown) {
    const error = fromAws(thrown, "GetCallerIdentity", signal);
    signal.throwIfAborted();
    return [
      refused(
        "AWS",
        error instanceof Error ? error.message : String(error),
        "run `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      ),
    ];
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}
