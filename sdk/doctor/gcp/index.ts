import { isLinuxKitError } from "../../core/errors.ts";
import type { Asked, CloudDoctor } from "../cloud.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { type GoogleApis, googleApis } from "./client.ts";
import { checkNetwork } from "./network.ts";
import { roleOf } from "./permissions.ts";
import { checkQuotas, type MachineType } from "./quotas.ts";
import { checkRights } from "./rights.ts";
import { type GcpMachines, partsOf, usedBuckets, wantedMachines } from "./wanted.ts";

/** The checks of a project of Google Cloud, with the credentials that an update would use. */
export const gcpDoctor: CloudDoctor = {
  stock: "@pulumi/gcp",
  answers: (asked) => {
    const { project, region, zone } = placeOf(asked);
    return { getClientConfig: { project, region, zone }, getProject: { projectId: project, number: "1" } };
  },
  policy: (asked) => roleOf(partsOf(asked)),
  identity: (asked) => ({ name: "credentials", run: (signal) => checkIdentity(asked, signal) }),
  checks(asked) {
    const { project, region, zone } = placeOf(asked);
    const machines = wantedMachines(asked);
    const accounts = [...new Set(machines.flatMap(({ serviceAccount }) => serviceAccount ?? []))];
    const wanted = { parts: partsOf(asked), buckets: usedBuckets(asked), accounts };
    const check = (name: string, run: (apis: GoogleApis) => Promise<readonly Finding[]>) => ({
      name,
      run: (signal: AbortSignal) => run(googleApis(asked, project, signal)),
    });
    return [
      check("rights", (apis) => checkRights(apis, project, wanted)),
      check("encryption", checkPolicies),
      ...(machines.length === 0 ? [] : [check("quota", (apis) => checkQuotas(apis, region, machines, cpusIn(apis, zone)))]),
      ...machines.flatMap((one) => [
        check("instance type", (apis) => checkType(apis, region, zone, one)),
        check("subnet", (apis) => checkNetwork(apis, region, one)),
      ]),
    ];
  },
};

/** Where an update works: options, the program's configuration, then the environment, as Pulumi's provider reads it. */
function placeOf({ place, config, env }: Asked): { readonly project: string; readonly region: string; readonly zone: string } {
  const zone = place["zone"] ?? config["gcp:zone"] ?? env.GOOGLE_ZONE ?? env.CLOUDSDK_COMPUTE_ZONE;
  const region =
    place["region"] ?? config["gcp:region"] ?? env.GOOGLE_REGION ?? env.CLOUDSDK_COMPUTE_REGION ?? zone?.replace(/-[a-z]$/, "");
  const project = place["project"] ?? config["gcp:project"] ?? env.GOOGLE_PROJECT ?? env.GOOGLE_CLOUD_PROJECT ?? env.CLOUDSDK_CORE_PROJECT;
  return { project: project ?? "", region: region ?? "us-central1", zone: zone ?? `${region ?? "us-central1"}-b` };
}

async function checkIdentity(asked: Asked, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("credentials");
  const { project, region } = placeOf(asked);
  if (project === "") return [refused("project", "none is set", "give --project, or `pulumi config set gcp:project`")];
  try {
    const found = await googleApis(asked, project, signal).compute("");
    if (!found)
      return [
        refused(
          project,
          "the project does not exist, or the credentials do not reach it",
          "check --project, and who you are: `gcloud auth list`",
        ),
      ];
    return [ok(project, `project ${project}, region ${region}`)];
  } catch (error) {
    if (!isLinuxKitError(error)) throw error;
    // Source: Google Cloud APIs, "Errors", reasons SERVICE_DISABLED and accessNotConfigured
    const isDisabled = /has not been used|is disabled|SERVICE_DISABLED|accessNotConfigured/.test(error.message);
    return [
      refused(
        project,
        error.message,
        isDisabled
          ? `gcloud services enable compute.googleapis.com --project ${project}`
          : "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
      ),
    ];
  }
}

/** Source: Resource Manager API v1, projects.getEffectiveOrgPolicy; Organization Policy, "Organization policy constraints". */
async function checkPolicies(apis: GoogleApis): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("encryption");
  const { listPolicy = {} } = await apis.project<{ listPolicy?: { allValues?: string; deniedValues?: readonly string[] } }>(
    "getEffectiveOrgPolicy",
    {
      constraint: "constraints/gcp.restrictNonCmekServices",
    },
  );
  const { allValues, deniedValues = [] } = listPolicy;
  const denied = ["compute.googleapis.com", "storage.googleapis.com"].filter(
    (service) => allValues === "DENY" || deniedValues.includes(service) || deniedValues.includes(`is:${service}`),
  );
  if (denied.length === 0) return [ok("default", "Google encrypts disks, images and objects, with its own keys")];
  return [
    refused(
      denied.join(", "),
      "the organization demands keys of your own (gcp.restrictNonCmekServices)",
      "set the key with `transform` (image: imageEncryptionKey, bucket: encryption), or have the project excepted",
    ),
  ];
}

function cpusIn(apis: GoogleApis, zone: string): (type: string) => Promise<number> {
  return async (type) => (await apis.compute<MachineType>(`zones/${zone}/machineTypes/${type}`))?.guestCpus ?? 0;
}

/** Source: compute v1, schema `MachineType`, `architecture`: a zone has not every type of its region. */
async function checkType(apis: GoogleApis, region: string, zone: string, machines: GcpMachines): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("instance type");
  const { name, instanceType, arch, zones, isFleet } = machines;
  const place = isFleet && zones.length === 0 ? await apis.compute<{ readonly zones?: readonly string[] }>(`regions/${region}`) : undefined;
  const all = zones.length > 0 ? zones : (place?.zones?.map((link) => link.split("/").at(-1) ?? "") ?? [zone]);
  const found = await Promise.all(
    all.map(async (zone) => [zone, await apis.compute<MachineType>(`zones/${zone}/machineTypes/${instanceType}`)] as const),
  );
  const lacking = found.flatMap(([zone, type]) => (type ? [] : [zone]));
  if (lacking.length === all.length)
    return [refused(name, `${lacking.join(", ")} has no ${instanceType}`, "choose another type, or another region")];
  const wanted = arch === "arm64" ? "ARM64" : "X86_64";
  const other = found.find(([, type]) => type?.architecture !== undefined && type.architecture !== wanted)?.[1];
  if (other)
    return [refused(name, `${instanceType} is of ${other.architecture}, the image of ${arch}`, "change instanceType, or the image's arch")];
  if (lacking.length > 0) {
    const remedy = `set zones to ${all.filter((zone) => !lacking.includes(zone)).join(", ")}, or choose another type`;
    return [(zones.length > 0 ? refused : warning)(name, `${lacking.join(", ")} has no ${instanceType}`, remedy)];
  }
  return [ok(name, `${instanceType} runs the image (${arch}) in ${all.join(", ")}`)];
}
