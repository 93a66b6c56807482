import { type GcpClient, gcpClient } from "../../../providers/gcp/plugin/access/client.ts";
import { gcpLogin } from "../../../providers/gcp/plugin/access/login.ts";
import { storageAccess } from "../../../providers/gcp/plugin/storage/bucket-client.ts";
import type { Asked } from "../cloud.ts";

/** Google's APIs for the checks, with the credentials of an update. */
export interface GoogleApis {
  /** Compute Engine, by a path below the project: `regions/R`. Undefined where it does not exist. */
  compute<T>(path: string): Promise<T | undefined>;
  /** All items of a list of Compute Engine. */
  list<T>(path: string): Promise<readonly T[]>;
  /** A method of the project: `testIamPermissions`. */
  project<T>(method: string, body: object): Promise<T>;
  /** Permissions of some that the credentials have on a service account. */
  account<T>(email: string, method: string, body: object): Promise<T | undefined>;
  /** A bucket, and permissions on it. Undefined where it does not exist. */
  bucket<T>(name: string, rest?: string): Promise<T | undefined>;
}

/**
 * The endpoints are those of Pulumi's provider, and its variables set others.
 *
 * Source: hashicorp/terraform-provider-google, google/transport/config.go, the default base paths and `GOOGLE_…_CUSTOM_ENDPOINT`.
 */
export function googleApis({ config, env, access }: Asked, project: string, signal: AbortSignal): GoogleApis {
  const {
    "gcp:credentials": credentials,
    "gcp:accessToken": accessToken,
    "gcp:impersonateServiceAccount": impersonateServiceAccount,
  } = config;
  const given = { credentials: usable(credentials), accessToken: usable(accessToken), impersonateServiceAccount };
  const login = gcpLogin({ ...given, ...access }, env);
  const base = (variable: string, normal: string): string => (env[variable] || normal).replace(/\/?$/, "/");
  const client = (service: string): GcpClient => gcpClient({ login, service, signal });
  const [engine, manager, iam] = ["Compute Engine", "Resource Manager", "IAM"].map(client) as [GcpClient, GcpClient, GcpClient];
  const storage = storageAccess(login, env);
  const computeUrl = (path: string): string =>
    `${base("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "https://compute.googleapis.com/compute/v1/")}projects/${project}${path && `/${path}`}`;
  const managerUrl = base("GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT", "https://cloudresourcemanager.googleapis.com/v1/");
  const iamUrl = base("GOOGLE_IAM_CUSTOM_ENDPOINT", "https://iam.googleapis.com/v1/");
  return {
    compute: (path) => engine.json({ what: path || `project ${project}`, url: computeUrl(path), takes: [404] }),
    async list<T>(path: string) {
      const found: T[] = [];
      for (let token = "", page = 0; page === 0 || token !== ""; page++) {
        const url = `${computeUrl(path)}${token && `?pageToken=${encodeURIComponent(token)}`}`;
        const answer = await engine.json<{ readonly items?: readonly T[]; readonly nextPageToken?: string }>({ what: path, url });
        found.push(...(answer?.items ?? []));
        token = answer?.nextPageToken ?? "";
      }
      return found;
    },
    project: async <T>(method: string, json: object) =>
      (await manager.json<T>({ what: method, method: "POST", url: `${managerUrl}projects/${project}:${method}`, json })) as T,
    account: (email, method, json) =>
      iam.json({
        what: `service account ${email}`,
        method: "POST",
        url: `${iamUrl}projects/-/serviceAccounts/${email}:${method}`,
        json,
        takes: [404],
      }),
    bucket: (name, rest = "") =>
      gcpClient({ login: storage.login, service: "Cloud Storage", signal }).json({
        what: `bucket ${name}`,
        url: `${storage.origin}/storage/v1/b/${encodeURIComponent(name)}${rest}`,
        takes: [404],
      }),
  };
}

/** A value of the configuration; secrets of a stack's file are not readable here. */
function usable(value: string | undefined): string | undefined {
  return value === "secret" ? undefined : value;
}
