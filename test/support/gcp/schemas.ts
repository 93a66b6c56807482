/**
 * Plays Compute Engine's check of request bodies against its schemas.
 *
 * Source: the discovery document of compute v1, revision 20261106, without the fields that it marks as output only.
 * Source: the discovery document of compute beta: `InstanceGroupManagerUpdatePolicy.minReadySec`.
 * Judged by: test/providers/models.judge.test.ts, and every run of all tests.
 * Assumed: the words of refusals.
 */
import { GoogleRefusal } from "./refusal.ts";

/** A JSON body of the API. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are checked by schema, not by type
export type Json = any;

/*
 * The writable fields of each schema.
 * NAME is a string; NAME# a number; NAME% an integer, also as a string; NAME? a boolean; NAME=A|B an enumeration; NAME* a
 * list of strings; NAME{} a map of strings; NAME:SCHEMA an object; NAME:SCHEMA* a list of objects; NAME~ is not checked.
 */
const SCHEMAS: Readonly<Record<string, string>> = {
  Image:
    "architecture=ARM64|X86_64 archiveSizeBytes% description diskSizeGb% family guestOsFeatures:GuestOsFeature* imageEncryptionKey~ labelFingerprint labels{} licenseCodes* licenses* name params~ rawDisk:RawDisk shieldedInstanceInitialState:InitialStateConfig sourceDisk sourceDiskEncryptionKey~ sourceImage sourceImageEncryptionKey~ sourceSnapshot sourceSnapshotEncryptionKey~ sourceType=RAW storageLocations*",
  GuestOsFeature:
    "type=BARE_METAL_LINUX_COMPATIBLE|BMSAI_CAPABLE|CCA_CAPABLE|GVNIC|IDPF|MULTI_IP_SUBNET|SECURE_BOOT|SEV_CAPABLE|SEV_LIVE_MIGRATABLE|SEV_LIVE_MIGRATABLE_V2|SEV_SNP_CAPABLE|SNP_SVSM_CAPABLE|SUSPEND_SAFE_FPR|TDX_CAPABLE|UEFI_COMPATIBLE|VIRTIO_SCSI_MULTIQUEUE|WINDOWS",
  RawDisk: "containerType=TAR sha1Checksum source",
  InitialStateConfig: "dbs:FileContentBuffer* dbxs:FileContentBuffer* keks:FileContentBuffer* pk:FileContentBuffer",
  FileContentBuffer: "content fileType=BIN|X509",
  Disk: "accessMode=READ_ONLY_MANY|READ_WRITE_MANY|READ_WRITE_SINGLE architecture=ARM64|X86_64 description diskEncryptionKey~ enableConfidentialCompute? guestOsFeatures:GuestOsFeature* labelFingerprint labels{} licenses* name params~ physicalBlockSizeBytes% provisionedIops% provisionedThroughput% replicaZones* resourcePolicies* sizeGb% sourceDisk sourceImage sourceSnapshot storagePool type",
  Instance:
    "advancedMachineFeatures~ canIpForward? confidentialInstanceConfig~ deletionProtection? description disks:AttachedDisk* displayDevice~ fingerprint guestAccelerators~ hostname keyRevocationActionType=NONE|STOP labelFingerprint labels{} machineType metadata:Metadata minCpuPlatform name networkInterfaces:NetworkInterface* networkPerformanceConfig~ params~ reservationAffinity~ resourcePolicies* scheduling:Scheduling serviceAccounts:ServiceAccount* shieldedInstanceConfig:ShieldedInstanceConfig shieldedInstanceIntegrityPolicy~ sourceMachineImage tags:Tags workloadIdentityConfig~",
  AttachedDisk:
    "autoDelete? boot? deviceName diskEncryptionKey~ diskSizeGb% forceAttach? guestOsFeatures:GuestOsFeature* initializeParams:AttachedDiskInitializeParams interface=NVME|SCSI mode=READ_ONLY|READ_WRITE source type=PERSISTENT|SCRATCH",
  AttachedDiskInitializeParams:
    "architecture=ARM64|X86_64 description diskName diskSizeGb% diskType labels{} onUpdateAction=RECREATE_DISK|RECREATE_DISK_IF_SOURCE_CHANGED|USE_EXISTING_DISK provisionedIops% provisionedThroughput% replicaZones* resourceManagerTags{} resourcePolicies* sourceImage sourceSnapshot storagePool",
  Metadata: "fingerprint items:MetadataItem*",
  MetadataItem: "key value",
  NetworkInterface:
    "accessConfigs:AccessConfig* aliasIpRanges~ fingerprint network networkAttachment networkIP nicType=GVNIC|IDPF|VIRTIO_NET queueCount# stackType=IPV4_IPV6|IPV4_ONLY|IPV6_ONLY subnetwork vlan#",
  AccessConfig:
    "name natIP networkTier=FIXED_STANDARD|PREMIUM|STANDARD publicPtrDomainName securityPolicy setPublicPtr? type=DIRECT_IPV6|ONE_TO_ONE_NAT",
  Scheduling:
    "automaticRestart? instanceTerminationAction=DELETE|STOP maxRunDuration~ minNodeCpus# nodeAffinities~ onHostMaintenance=MIGRATE|TERMINATE preemptible? provisioningModel=FLEX_START|RESERVATION_BOUND|SPOT|STANDARD terminationTime",
  ServiceAccount: "email scopes*",
  ShieldedInstanceConfig: "enableIntegrityMonitoring? enableSecureBoot? enableVtpm?",
  Tags: "fingerprint items*",
  InstanceTemplate: "description name properties:InstanceProperties sourceInstance sourceInstanceParams~",
  InstanceProperties:
    "advancedMachineFeatures~ canIpForward? confidentialInstanceConfig~ description disks:AttachedDisk* guestAccelerators~ keyRevocationActionType=NONE|STOP labels{} machineType metadata:Metadata minCpuPlatform networkInterfaces:NetworkInterface* networkPerformanceConfig~ reservationAffinity~ resourceManagerTags{} resourcePolicies* scheduling:Scheduling serviceAccounts:ServiceAccount* shieldedInstanceConfig:ShieldedInstanceConfig tags:Tags workloadIdentityConfig~",
  InstanceGroupManager:
    "allInstancesConfig~ autoHealingPolicies:AutoHealingPolicy* baseInstanceName description distributionPolicy:DistributionPolicy fingerprint instanceLifecyclePolicy:InstanceLifecyclePolicy instanceTemplate listManagedInstancesResults=PAGELESS|PAGINATED name standbyPolicy~ statefulPolicy~ targetPools* targetSize# targetStoppedSize# targetSuspendedSize# updatePolicy:UpdatePolicy versions:Version*",
  AutoHealingPolicy: "healthCheck initialDelaySec#",
  DistributionPolicy: "targetShape=ANY|ANY_SINGLE_ZONE|BALANCED|EVEN zones:DistributionPolicyZone*",
  DistributionPolicyZone: "zone",
  InstanceLifecyclePolicy:
    "defaultActionOnFailure=DO_NOTHING|REPAIR forceUpdateOnRepair=NO|YES onFailedHealthCheck=DEFAULT_ACTION|DO_NOTHING|REPAIR onRepair~",
  UpdatePolicy:
    "instanceRedistributionType=NONE|PROACTIVE maxSurge:FixedOrPercent maxUnavailable:FixedOrPercent minimalAction=NONE|REFRESH|REPLACE|RESTART mostDisruptiveAllowedAction=NONE|REFRESH|REPLACE|RESTART replacementMethod=RECREATE|SUBSTITUTE type=OPPORTUNISTIC|PROACTIVE",
  FixedOrPercent: "fixed# percent#",
  Version: "instanceTemplate name targetSize:FixedOrPercent",
  HealthCheck:
    "checkIntervalSec# description healthyThreshold# httpHealthCheck:HttpHealthCheck httpsHealthCheck:HttpHealthCheck http2HealthCheck:HttpHealthCheck logConfig~ name tcpHealthCheck:TcpHealthCheck sslHealthCheck:TcpHealthCheck timeoutSec# type=HTTP|HTTPS|HTTP2|TCP|SSL unhealthyThreshold#",
  HttpHealthCheck:
    "host port# portName portSpecification=USE_FIXED_PORT|USE_NAMED_PORT|USE_SERVING_PORT proxyHeader=NONE|PROXY_V1 requestPath response",
  TcpHealthCheck:
    "port# portName portSpecification=USE_FIXED_PORT|USE_NAMED_PORT|USE_SERVING_PORT proxyHeader=NONE|PROXY_V1 request response",
  SetLabels: "labelFingerprint labels{}",
  Nothing: "",
};

/** Fields of the beta API, which Google's beta Terraform provider uses, and so does Pulumi's. */
const BETA: Readonly<Record<string, string>> = { UpdatePolicy: " minReadySec#" };

export type ApiVersion = "v1" | "beta";

/** @throws GoogleRefusal for an unknown field or a value of another type */
export function checkSchema(name: string, body: Json, version: ApiVersion, path = "resource"): void {
  const fields = new Map(
    `${SCHEMAS[name]}${version === "beta" ? (BETA[name] ?? "") : ""}`
      .split(" ")
      .filter(Boolean)
      .map((field) => [/^\w+/.exec(field)?.[0], field]),
  );
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw refused(path, body);
  for (const [key, value] of Object.entries(body)) {
    const field = fields.get(key);
    if (field === undefined)
      throw new GoogleRefusal(400, "badRequest", `Invalid JSON payload received. Unknown name "${key}" at '${path}': Cannot find field.`);
    const [, , mark, rest = ""] = /^(\w+)([#%?=*{~:]?)(.*)$/.exec(field) ?? [];
    checkValue(mark, rest, value, version, `${path}.${key}`);
  }
}

function checkValue(mark: string | undefined, rest: string, value: Json, version: ApiVersion, path: string): void {
  const texts = (values: Json) => values.every((item: Json) => typeof item === "string");
  const good: Readonly<Record<string, () => boolean>> = {
    "": () => typeof value === "string",
    "#": () => typeof value === "number",
    "%": () => /^-?\d+$/.test(String(value)),
    "?": () => typeof value === "boolean",
    "=": () => rest.split("|").includes(value),
    "*": () => Array.isArray(value) && texts(value),
    "{": () => typeof value === "object" && value !== null && texts(Object.values(value)),
    "~": () => true,
    ":": () => {
      const many = rest.endsWith("*");
      if (many && !Array.isArray(value)) return false;
      for (const [index, item] of (many ? value : [value]).entries())
        checkSchema(rest.replace("*", ""), item, version, many ? `${path}[${index}]` : path);
      return true;
    },
  };
  if (!good[mark ?? ""]?.()) throw refused(path, value);
}

function refused(path: string, value: Json): GoogleRefusal {
  return new GoogleRefusal(400, "badRequest", `Invalid value at '${path}': ${JSON.stringify(value)}`);
}
