/**
 * Plays `pulumi-resource-gcp` for the resources that the components make.
 *
 * Source: @pulumi/gcp declares every input; the stand-in refuses others.
 * Judged by: test/gcp/stand-in.engine.test.ts runs @pulumi/gcp's own classes against it.
 * Source: hashicorp/terraform-provider-google, google/services/compute: resource_compute_image.go, resource_compute_health_check.go
 * (`ForceNew`): which changes replace a resource.
 */
import type { Provider } from "../../../sdk/plugin/provider.ts";
import { type StandInType, standInProvider } from "../stand-in.ts";
import type { GoogleServer } from "./google-server.ts";
import { attachmentType, diskType } from "./pulumi-disks.ts";
import { groupType } from "./pulumi-group.ts";
import { machineTypes } from "./pulumi-machines.ts";
import { storageTypes } from "./pulumi-storage.ts";
import { pick, PulumiWorld } from "./pulumi-world.ts";
import type { Json } from "./schemas.ts";

/**
 * Makes the provider. It passes on the refusals of the server's Compute Engine.
 *
 * @param storage origin of a server that speaks Cloud Storage's JSON API
 */
export function pulumiGcp(server: GoogleServer, storage: string, region = "europe-west3"): Provider {
  const gcp = new PulumiWorld(server, region);
  return standInProvider({
    name: "gcp",
    config: [
      "project",
      "region",
      "zone",
      "credentials",
      "accessToken",
      "impersonateServiceAccount",
      "computeCustomEndpoint",
      "storageCustomEndpoint",
      "disableGlobalProjectWarning",
    ],
    types: [...computeTypes(gcp), ...storageTypes(gcp, storage)],
    functions: {
      "gcp:organizations/getProject:getProject": async ({ projectId }) => {
        const id = String(projectId ?? server.project);
        if (id !== server.project) throw new Error(`googleapi: Error 403: The caller does not have permission, forbidden: ${id}`);
        return {
          id: `projects/${id}`,
          projectId: id,
          number: server.projectNumber,
          name: id,
          labels: {},
          effectiveLabels: {},
          pulumiLabels: {},
          tags: {},
          orgId: "",
          folderId: "",
          billingAccount: "",
          autoCreateNetwork: false,
          deletionPolicy: "PREVENT",
        };
      },
      "gcp:organizations/getClientConfig:getClientConfig": async () => ({
        id: `projects/"${server.project}"/regions/"${region}"/zones/"${gcp.zone}"`,
        project: server.project,
        region,
        zone: gcp.zone,
        accessToken: server.accounts.mint(server.email),
        defaultLabels: {},
      }),
      "gcp:compute/getZones:getZones": async (args) => ({
        id: "zones",
        project: server.project,
        names: [...(server.compute.regions[String(args.region ?? region)] ?? [])],
      }),
    },
  });
}

/** The types of Compute Engine. */
export function computeTypes(gcp: PulumiWorld): StandInType[] {
  return [
    imageType(gcp),
    ...machineTypes(gcp),
    groupType(gcp),
    ...["global", "regions"].map((level) => healthCheckType(gcp, level)),
    diskType(gcp),
    attachmentType(gcp),
  ];
}

function imageType(gcp: PulumiWorld): StandInType {
  return {
    token: "gcp:compute/image:Image",
    replaces: "all",
    inPlace: ["labels"],
    computed: ["selfLink", "archiveSizeBytes", "diskSizeGb", "creationTimestamp", "labelFingerprint", "storageLocations"],
    recomputed: ["labelFingerprint"],
    async create(given, inputs) {
      const name = gcp.nameOf(given, inputs);
      const { sha1, ...rawDisk } = (inputs.rawDisk ?? {}) as Json;
      const body = {
        name,
        ...pick(inputs, [
          "description",
          "family",
          "labels",
          "guestOsFeatures",
          "shieldedInstanceInitialState",
          "storageLocations",
          "diskSizeGb",
          "licenses",
          "sourceDisk",
          "sourceImage",
          "sourceSnapshot",
        ]),
        ...(inputs.rawDisk !== undefined && { rawDisk: { ...rawDisk, sha1Checksum: sha1 } }),
      };
      const { path, resource } = await gcp.insert(`${gcp.project(inputs)}/global`, "images", body);
      const { selfLink, archiveSizeBytes, diskSizeGb, creationTimestamp, labelFingerprint, storageLocations } = resource;
      return {
        id: path,
        outputs: {
          ...inputs,
          name,
          selfLink,
          archiveSizeBytes: Number(archiveSizeBytes),
          diskSizeGb: Number(diskSizeGb),
          creationTimestamp,
          labelFingerprint,
          storageLocations,
        },
      };
    },
    async update(id, inputs, old) {
      await gcp.change(id, "setLabels", { labels: inputs.labels ?? {}, labelFingerprint: gcp.server.compute.get(id).labelFingerprint });
      return { ...old, ...inputs, labelFingerprint: gcp.server.compute.get(id).labelFingerprint };
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  };
}

function healthCheckType(gcp: PulumiWorld, level: string): StandInType {
  const name = level === "global" ? "HealthCheck" : "RegionHealthCheck";
  const fields = [
    "checkIntervalSec",
    "timeoutSec",
    "healthyThreshold",
    "unhealthyThreshold",
    "description",
    "httpHealthCheck",
    "httpsHealthCheck",
    "http2HealthCheck",
    "tcpHealthCheck",
    "sslHealthCheck",
    "logConfig",
  ];
  return {
    token: `gcp:compute/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`,
    replaces: ["name", "project", "region"],
    computed: ["selfLink", "type", "creationTimestamp"],
    recomputed: ["type"],
    async create(given, inputs) {
      const body = { name: gcp.nameOf(given, inputs), ...pick(inputs, fields) };
      const scope = level === "global" ? "global" : `regions/${String(inputs.region ?? gcp.region)}`;
      const { path, resource } = await gcp.insert(`${gcp.project(inputs)}/${scope}`, "healthChecks", body);
      return {
        id: path,
        outputs: {
          ...inputs,
          name: body.name,
          selfLink: resource.selfLink,
          type: resource.type,
          creationTimestamp: resource.creationTimestamp,
        },
      };
    },
    async update(id, inputs, old) {
      await gcp.change(id, "patch", pick(inputs, fields));
      return { ...old, ...inputs, type: gcp.server.compute.get(id).type };
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  };
}
