import type { Asked, CloudDoctor } from "./cloud.ts";
import { type Check, examine } from "./examine.ts";
import type { Finding } from "./finding.ts";
import { packagesOf } from "./packages.ts";
import { isRefused } from "./report.ts";

/** Each cloud's checks, loaded on use: they load its client. */
export const CLOUDS: Readonly<Record<string, { readonly stock: string; load(): Promise<CloudDoctor> }>> = {
  aws: { stock: "@pulumi/aws", load: async () => (await import("./aws/index.ts")).awsDoctor },
  gcp: { stock: "@pulumi/gcp", load: async () => (await import("./gcp/index.ts")).gcpDoctor },
  azure: { stock: "@pulumi/azure-native", load: async () => (await import("./azure/index.ts")).azureDoctor },
};

/** What is found in an account, and the policy for the program. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly policy: object;
}

/**
 * Looks at an account of a cloud. It ends early where nothing else can be asked: without the cloud's packages, and without
 * credentials.
 *
 * @param host what an update needs of this host, checked at the same time
 */
export async function examineCloud(doctor: CloudDoctor, asked: Asked, host: readonly Check[], signal: AbortSignal): Promise<Examined> {
  const policy = doctor.policy(asked);
  const first = [...packagesOf(doctor.stock), ...(await examine([...host, doctor.identity(asked)], signal))];
  const isStopped = isRefused(first.filter(({ check }) => check === "credentials" || check === "packages"));
  return { findings: isStopped ? first : [...first, ...(await examine(doctor.checks(asked), signal))], policy };
}
