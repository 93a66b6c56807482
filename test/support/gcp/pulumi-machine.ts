/**
 * Converts the inputs of machines and templates in @pulumi/gcp to bodies of the API.
 *
 * Source: Terraform's google provider, google_compute_instance and google_compute_instance_template.
 */
import type { Json } from "./schemas.ts";

interface ResourceScope {
  /** `projects/p` */
  readonly project: string;
  readonly region: string;
  /** Undefined for a template. */
  readonly zone?: string;
}

/** The fields that machines and templates share. */
export function machineBody(inputs: Json, place: ResourceScope): Json {
  const {
    labels,
    metadata,
    metadataStartupScript,
    tags,
    networkInterfaces,
    serviceAccount,
    shieldedInstanceConfig,
    scheduling,
    canIpForward,
    minCpuPlatform,
  } = inputs;
  const all = { ...metadata, ...(metadataStartupScript !== undefined && { "startup-script": metadataStartupScript }) };
  return {
    labels,
    canIpForward,
    minCpuPlatform,
    metadata: metadataBody(all),
    tags: tags && { items: tags },
    networkInterfaces: networkInterfaces?.map((nic: Json) => nicBody(nic, place)),
    serviceAccounts: serviceAccount && [
      { email: serviceAccount.email ?? "default@developer.gserviceaccount.com", scopes: serviceAccount.scopes },
    ],
    shieldedInstanceConfig,
    scheduling: scheduling && {
      automaticRestart: scheduling.automaticRestart,
      onHostMaintenance: scheduling.onHostMaintenance,
      preemptible: scheduling.preemptible,
      provisioningModel: scheduling.provisioningModel,
    },
  };
}

export function metadataBody(metadata: Readonly<Record<string, string>>): Json {
  return { items: Object.entries(metadata).map(([key, value]) => ({ key, value })) };
}

function nicBody(
  { network, subnetwork, networkIp, nicType, stackType, queueCount, accessConfigs }: Json,
  { project, region }: ResourceScope,
): Json {
  const expand = (name: Json, scope: string) => (name === undefined || String(name).includes("/") ? name : `${project}/${scope}/${name}`);
  return {
    network: expand(network, "global/networks"),
    subnetwork: expand(subnetwork, `regions/${region}/subnetworks`),
    networkIP: networkIp,
    nicType,
    stackType,
    queueCount,
    accessConfigs: accessConfigs?.map(({ natIp, networkTier, publicPtrDomainName }: Json) => ({
      type: "ONE_TO_ONE_NAT",
      natIP: natIp,
      networkTier,
      publicPtrDomainName,
    })),
  };
}

/** Path of an image by name; a URL, a path or a family stays unchanged. */
function imageUrl(image: Json, project: string): Json {
  return image === undefined || String(image).includes("/") ? image : `${project}/global/images/${image}`;
}

/** The disks of an instance. */
export function instanceDisks({ bootDisk, attachedDisks = [], name }: Json, { project, zone }: ResourceScope): Json[] {
  const { autoDelete = true, deviceName, mode, source, initializeParams, guestOsFeatures } = bootDisk;
  const made = initializeParams && {
    sourceImage: imageUrl(initializeParams.image, project),
    diskSizeGb: initializeParams.size,
    diskType: initializeParams.type && `${project}/zones/${zone}/diskTypes/${initializeParams.type}`,
    labels: initializeParams.labels,
    architecture: initializeParams.architecture,
    diskName: name,
  };
  return [
    {
      boot: true,
      autoDelete,
      deviceName,
      mode,
      source,
      initializeParams: made,
      guestOsFeatures: guestOsFeatures?.map((type: string) => ({ type })),
    },
    ...attachedDisks.map(attachedDisk),
  ];
}

export function attachedDisk({ source, deviceName, mode, forceAttach }: Json): Json {
  return { source, deviceName, mode: mode ?? "READ_WRITE", autoDelete: false, forceAttach };
}

/**
 * The disks of a template. The provider sends their architecture as a field of the disk, which is output only: Compute
 * Engine does not read it (compute v1, `AttachedDisk.architecture`).
 */
export function templateDisks(disks: readonly Json[], project: string): Json[] {
  return disks.map(
    (
      {
        boot,
        autoDelete = true,
        deviceName,
        mode,
        type,
        interface: bus,
        source,
        sourceImage,
        diskName,
        diskSizeGb,
        diskType,
        labels,
        guestOsFeatures,
      },
      index,
    ) => ({
      boot: boot ?? index === 0,
      autoDelete,
      deviceName,
      mode,
      type,
      interface: bus,
      source,
      guestOsFeatures: guestOsFeatures?.map((feature: string) => ({ type: feature })),
      initializeParams:
        source === undefined ? { sourceImage: imageUrl(sourceImage, project), diskName, diskSizeGb, diskType, labels } : undefined,
    }),
  );
}
