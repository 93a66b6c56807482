import * as aws from "../../../providers/aws/index.ts";
import * as azure from "../../../providers/azure/index.ts";
import * as gcp from "../../../providers/gcp/index.ts";
import { debian, Image, ImageBuild, Kernel, OnbootTask, Service, Volume } from "../../../sdk/index.ts";
import { makeKeyPair } from "../secure-boot-key.ts";

/** A program, and the type of the last resource that it registers. */
export interface Program {
  readonly cloud: "aws" | "gcp" | "azure";
  readonly what: string;
  readonly last: string;
  readonly run: () => unknown;
}

const boot = { kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"], healthPort: 8080 };
const OS = new Image(boot);
const WITH_VOLUMES = new Image({
  ...boot,
  onboot: [new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
  volumes: ["data", "logs"].map((serial) => new Volume(serial, { persistent: { serial, after: "metadata" } })),
});
const withSecrets = (cloud: "aws" | "gcp" | "azure") =>
  new Image({
    ...boot,
    onboot: [new OnbootTask("secrets", { image: debian.secrets({ cloud }) })],
    services: [new Service("web", { image: "example.com/web:1", secrets: { key: "" } })],
  });
const pair = makeKeyPair();
const keys = { pk: pair.certificate, keks: [pair.certificate], dbs: [pair.certificate] };
const signed = (format: "gcp" | "vhd") => () => ({
  image: undefined,
  build: new ImageBuild("os", { image: OS, format, secureBoot: pair }),
  secureBootKeys: keys,
});

/** Arguments by what they are about; a function where they make a resource. */
type Variations<Args> = Readonly<Record<string, Partial<Args> | (() => Partial<Args>)>>;

function programs<Args>(
  cloud: Program["cloud"],
  kind: string,
  last: string,
  make: (args: Partial<Args>) => unknown,
  variations: Variations<Args>,
): Program[] {
  return Object.entries(variations).map(([what, args]) => ({
    cloud,
    what: `${kind}: ${what}`,
    last,
    run: () => make(typeof args === "function" ? args() : args),
  }));
}

const ARN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111";

const awsImage: Variations<aws.MachineImageArgs> = {
  "no more": {},
  arm64: { arch: "arm64" },
  "a TPM": { tpm: true },
  encrypted: { encrypted: true },
  "a key": { encrypted: true, kmsKeyArn: ARN },
  "a description and tags": { description: "the web servers", tags: { team: "web" } },
  "copies in two regions": { copyTo: ["eu-west-1", "us-east-1"] },
  "an encrypted copy with its key": {
    copyTo: ["eu-west-1"],
    encrypted: true,
    copyKmsKeyArns: { "eu-west-1": ARN.replace("eu-central-1", "eu-west-1") },
  },
  "retained on delete": { retainOnDelete: true },
};
const awsLaunched = {
  "no more": {},
  arm64: { arch: "arm64", instanceType: "m7g.large" },
  "a TPM": { tpm: true },
  "user data": { userData: "hello" },
  "user data of three lines": { userData: "a\nb\nc" },
  "security groups": { securityGroupIds: ["sg-0123456789abcdef0", "sg-0123456789abcdef1"] },
  "a public address": { publicIp: true },
  "no public address": { publicIp: false, securityGroupIds: ["sg-0123456789abcdef0"] },
  "a role": { iamInstanceProfile: "web" },
  tags: { tags: { team: "web", cost: "12" } },
  "a name of its own": { tags: { Name: "front" } },
  secrets: { image: withSecrets("aws"), secrets: { web: { key: "ssm:/web/key" } } },
  encrypted: { encrypted: true },
  "a larger type": { instanceType: "m7i.large" },
} as const;
const awsMachine: Variations<aws.MachineArgs> = {
  ...awsLaunched,
  "a volume": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10 } } },
  "volumes of two types": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 125, type: "st1" }, logs: { sizeGiB: 1, type: "gp2" } } },
  "an encrypted volume": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10, encrypted: true } } },
  "a volume with a key": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10, kmsKeyArn: ARN } } },
  "a volume of a snapshot": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10, snapshotId: "snap-0123456789abcdef0" } } },
  "a volume with operations": {
    image: WITH_VOLUMES,
    volumes: { data: { sizeGiB: 10, type: "io2" } },
    transform: { volume: { iops: 1000 } },
  },
};
const TARGETS = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef";
const awsFleet: Variations<aws.FleetArgs> = {
  ...awsLaunched,
  "no machines": { count: 0 },
  "a hundred machines": { count: 100 },
  "target groups": { targetGroupArns: [TARGETS], healthCheckGracePeriod: 300 },
  percentages: { minHealthyPercentage: 90, maxHealthyPercentage: 110, instanceWarmup: 30 },
};

const gcpImage: Variations<gcp.MachineImageArgs> = {
  "no more": {},
  arm64: { arch: "arm64" },
  "a bucket that exists": { bucket: "images" },
  "a place": { location: "europe-west3", storageLocation: "europe-west3" },
  "a description and tags": { description: "the web servers", tags: { team: "web" } },
  "Secure Boot": signed("gcp"),
  "retained on delete": { retainOnDelete: true },
};
const gcpLaunched = {
  "no more": {},
  arm64: { arch: "arm64", instanceType: "c4a-standard-1" },
  "a series with Hyperdisk": { instanceType: "c4-standard-2" },
  N4: { instanceType: "n4-standard-2" },
  "user data": { userData: "hello" },
  "a public address": { publicIp: true },
  "a subnet": { subnetId: "projects/p/regions/europe-west3/subnetworks/web" },
  "network tags": { networkTags: ["web", "db"] },
  "a service account": { serviceAccount: "web@p.iam.gserviceaccount.com" },
  tags: { tags: { team: "web" } },
  secrets: { image: withSecrets("gcp"), secrets: { web: { key: "projects/p/secrets/key/versions/1" } } },
  "a boot disk": { bootDisk: { type: "pd-ssd", sizeGiB: 20 } },
  "no TPM": { shielded: { tpm: false, integrityMonitoring: false } },
  "Secure Boot": signed("gcp"),
} as const;
const gcpMachine: Variations<gcp.MachineArgs> = {
  ...gcpLaunched,
  "a zone": { zone: "europe-west3-b" },
  volumes: { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10 }, logs: { sizeGiB: 20, type: "pd-standard" } } },
  "a volume on Hyperdisk": { instanceType: "c4-standard-2", image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10 } } },
  "a volume of a snapshot": { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10, snapshotId: "backup" } } },
  "a volume with a key": {
    image: WITH_VOLUMES,
    volumes: { data: { sizeGiB: 10, kmsKey: "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k" } },
  },
};
const gcpFleet: Variations<gcp.FleetArgs> = {
  ...gcpLaunched,
  "no machines": { count: 0 },
  zones: { zones: ["europe-west3-a", "europe-west3-b"] },
  "a surge": { maxSurge: 6 },
  "no surge": { maxSurge: 0, maxUnavailable: 3 },
  "a health path": { healthPath: "/healthz", healthPort: 8081 },
  "a grace period": { healthCheckGracePeriod: 120 },
};

const NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";
const IDENTITY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
const azureImage: Variations<azure.MachineImageArgs> = {
  "no more": {},
  arm64: { arch: "arm64" },
  "a managed image": { kind: "image" },
  copies: { copyTo: ["northeurope", "eastus"] },
  "a definition that exists": {
    definitionId: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/web",
  },
  generalized: { generalized: true },
  "no trusted launch": { trustedLaunch: false },
  "Secure Boot": signed("vhd"),
  "a description and tags": { description: "the web servers", tags: { team: "web" } },
  "retained on delete": { retainOnDelete: true },
};
const azureLaunched = {
  "no more": {},
  arm64: { arch: "arm64", instanceType: "Standard_D2ps_v5" },
  "arm64 on NVMe": { arch: "arm64", instanceType: "Standard_D2ps_v6" },
  "NVMe disks": { instanceType: "Standard_D2s_v6" },
  "no trusted launch": { trustedLaunch: false },
  "user data": { userData: "hello" },
  "an administrator": { generalized: true, adminUsername: "web", sshPublicKeys: ["ssh-ed25519 AAAA"] },
  "a security group": { securityGroupId: `${NETWORK}/networkSecurityGroups/web` },
  "an identity": { identityId: IDENTITY },
  tags: { tags: { team: "web" } },
  secrets: {
    image: withSecrets("azure"),
    identityId: IDENTITY,
    secrets: { web: { key: "https://web.vault.azure.net/secrets/key" } },
  },
  "a public address": { publicIp: true },
  "Secure Boot": signed("vhd"),
} as const;
const azureMachine: Variations<azure.MachineArgs> = {
  ...azureLaunched,
  "a zone": { zone: "1" },
  volumes: { image: WITH_VOLUMES, volumes: { data: { sizeGiB: 10 }, logs: { sizeGiB: 4, type: "Standard_LRS" } } },
  "a volume of a snapshot": {
    image: WITH_VOLUMES,
    volumes: { data: { sizeGiB: 10, snapshotId: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/snapshots/a" } },
  },
};
const azureFleet: Variations<azure.FleetArgs> = {
  ...azureLaunched,
  "Secure Boot": () => ({ ...signed("vhd")(), healthPort: 8080 }),
  zones: { zones: ["1", "2"] },
  ports: { ports: [80, 443] },
  "a health path": { healthPath: "/healthz", healthPort: 8081 },
  "a balancer that exists": {
    backendPoolIds: [`${NETWORK}/loadBalancers/b/backendAddressPools/p`],
    healthProbeId: `${NETWORK}/loadBalancers/b/probes/health`,
  },
  "a hundred and fifty machines": { count: 150, transform: { scaleSet: { singlePlacementGroup: false } } },
  percentages: { minHealthyPercentage: 80, maxHealthyPercentage: 120, instanceWarmup: 30 },
};

const onAws = { image: OS, instanceType: "t3.micro" };
const onGcp = { image: OS, instanceType: "e2-small" };
const onAzure = { image: OS, resourceGroupName: "rg", instanceType: "Standard_B2s" };
const subnetId = `${NETWORK}/virtualNetworks/net/subnets/default`;

/** Programs that every cloud must take: an image, a machine and a fleet with each of their arguments. */
export const PROGRAMS: readonly Program[] = [
  ...programs<aws.MachineImageArgs>(
    "aws",
    "image",
    "aws:ec2/ami:Ami",
    (args) => new aws.MachineImage("web", { image: OS, ...args }),
    awsImage,
  ),
  ...programs<aws.MachineArgs>(
    "aws",
    "machine",
    "aws:ec2/instance:Instance",
    (args) => new aws.Machine("web", { ...onAws, subnetId: "subnet-0", ...args }),
    awsMachine,
  ),
  ...programs<aws.FleetArgs>(
    "aws",
    "fleet",
    "linuxkit:index:RolloutGate",
    (args) => new aws.Fleet("web", { ...onAws, subnetIds: ["subnet-0", "subnet-1"], count: 3, ...args }),
    awsFleet,
  ),
  ...programs<gcp.MachineImageArgs>(
    "gcp",
    "image",
    "(linuxkit:index:GcpImage|gcp:compute/image:Image)",
    (args) => new gcp.MachineImage("web", { image: OS, ...args }),
    gcpImage,
  ),
  ...programs<gcp.MachineArgs>(
    "gcp",
    "machine",
    "gcp:compute/instance:Instance",
    (args) => new gcp.Machine("web", { ...onGcp, ...args }),
    gcpMachine,
  ),
  ...programs<gcp.FleetArgs>(
    "gcp",
    "fleet",
    "linuxkit:index:RolloutGate",
    (args) => new gcp.Fleet("web", { ...onGcp, count: 3, ...args }),
    gcpFleet,
  ),
  ...programs<azure.MachineImageArgs>(
    "azure",
    "image",
    "azure-native:compute:(GalleryImageVersion|Image)",
    (args) => new azure.MachineImage("web", { resourceGroupName: "rg", image: OS, ...args }),
    azureImage,
  ),
  ...programs<azure.MachineArgs>(
    "azure",
    "machine",
    "azure-native:compute:VirtualMachine",
    (args) => new azure.Machine("web", { ...onAzure, subnetId, ...args }),
    azureMachine,
  ),
  ...programs<azure.FleetArgs>(
    "azure",
    "fleet",
    "linuxkit:index:RolloutGate",
    (args) => new azure.Fleet("web", { ...onAzure, subnetId, count: 2, ...args }),
    azureFleet,
  ),
];
