// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "./core/new-node.ts";
export { CAPABILITIES, type Capability } from "./definition/capability.ts";
export type { ApiSpec } from "./definition/api.ts";
export { checkDefinition } from "./definition/check-definition.ts";
export type { Container } from "./definition/container.ts";
export type { CapabilityName, ContainerFieldsArgs } from "./definition/container-args.ts";
export type { BoundNamespacesArgs, ContainerRuntimeArgs, NetworkInterfaceArgs } from "./definition/container-runtime.ts";
export type { EnvironmentArgs } from "./definition/environment.ts";
export type { DeviceArgs } from "./definition/device.ts";
export type { ContainerMountArgs, IdMappingArgs } from "./definition/mount.ts";
export type {
  BlockLimitArgs,
  CpuLimitArgs,
  DeviceRateArgs,
  DeviceRuleArgs,
  DeviceWeightArgs,
  HugepageLimitArgs,
  MemoryLimitArgs,
  NetworkClassArgs,
  NetworkPriorityArgs,
  PidsLimitArgs,
  ResourcesArgs,
} from "./definition/resources-args.ts";
export type {
  CheckTimesArgs,
  CommandHealthArgs,
  HealthArgs,
  HttpCheckArgs,
  HttpPortCheckArgs,
  HttpSocketCheckArgs,
  HttpHealthArgs,
  HttpsHealthArgs,
  TcpCheckArgs,
  TcpHealthArgs,
} from "./definition/health.ts";
export type { HttpRequestArgs } from "./definition/http-request.ts";
export type { HttpsCheckArgs } from "./definition/https-check.ts";
export type { LogArgs, RestartLimitArgs } from "./definition/supervision.ts";
export type {
  DebianFile,
  DebianFileSpec,
  DebianGroup,
  DebianImage,
  DebianRecipe,
  DebianUser,
  ImageSource,
} from "./definition/debian-image.ts";
export type { Definition, FileSpec, KernelSpec, NamedContainer, PersistentSpec, VolumeSpec } from "./definition/definition.ts";
export type { Failure } from "./core/failure.ts";
export { harden } from "./definition/harden.ts";
export type { HardenArgs } from "./definition/hardening.ts";
export type { Hardening, SettingName } from "./hardening/profile.ts";
export type { Profile } from "./hardening/setting.ts";
export { type Audit, audit, type AuditOptions } from "./policy/audit.ts";
export type { ContainerFields } from "./definition/container-fields.ts";
export type { ImageLabels } from "./policy/subject.ts";
export { imageLabels, type LabelOptions } from "./builder/image-labels.ts";
export { type Finding, findingLine, type Level } from "./policy/finding.ts";
export type { WaivedFinding, Waiver } from "./policy/waiver.ts";
export type { Json } from "./core/json.ts";
export { type Change, type Direction, DIRECTIONS } from "./review/change.ts";
export { diff } from "./review/diff.ts";
export { type Advisories, type Advisory, advisoriesOf, type AffectedRange } from "./advisory/advisory.ts";
export { readAdvisories } from "./advisory/read-advisories.ts";
export type { Reviewed } from "./review/facts-of.ts";
export { type Review, review } from "./review/review.ts";
export type { ReplacedMachines } from "./review/machines.ts";
export type { HardeningReport, HardeningRow, HardeningScore, HardeningState } from "./hardening/report.ts";
export { hardening, type HardeningOptions } from "./builder/hardening.ts";
export { File } from "./definition/file.ts";
export type {
  FileArgs,
  FileCommonArgs,
  FolderFileArgs,
  LinkFileArgs,
  LocalFileArgs,
  MetadataFileArgs,
  TextFileArgs,
} from "./definition/file-args.ts";
export { Image, type ImageArgs } from "./definition/image.ts";
export type { YamlOptions } from "./definition/from-yaml.ts";
export type { Inputs, Known } from "./definition/inputs.ts";
export { Kernel, type KernelArgs } from "./definition/kernel.ts";
export { OnbootTask } from "./definition/onboot-task.ts";
export { OnshutdownTask } from "./definition/onshutdown-task.ts";
export type { Part, Parts } from "./definition/parts.ts";
export { type Egress, type EgressArgs, publishedPort, type PublishedPort } from "./definition/network.ts";
export { networkKind, type NetworkKind } from "./definition/service-network.ts";
export type {
  SeccompAction,
  SeccompConditionArgs,
  SeccompExtensionArgs,
  SeccompProfile,
  SeccompProfileArgs,
  SeccompRuleArgs,
} from "./definition/seccomp.ts";
export { Service } from "./definition/service.ts";
export type { ContainerArgs, OnbootTaskArgs, OnshutdownTaskArgs, ServiceArgs } from "./definition/service-args.ts";
export { type PersistentArgs, Volume, type VolumeArgs } from "./definition/volume.ts";
export { ARCHES, type Arch } from "./core/arch.ts";
export type { Digest } from "./core/digest.ts";
export { isLinuxKitError, LinuxKitError, type LinuxKitErrorCode } from "./core/errors.ts";
export type { OnProgress, Progress } from "./core/progress.ts";
export type { Step } from "./core/property-path.ts";
export { debian } from "./debian/images.ts";
export { docker, type DockerArgs, type DockerNetworkArgs } from "./docker/docker.ts";
export type { DockerContainerArgs } from "./docker/setup-service.ts";
export type { ChronyArgs } from "./debian/base/chrony.ts";
export type { DhcpArgs } from "./debian/base/dhcp.ts";
export type { DiskArgs, ExtendArgs, FormatArgs } from "./debian/base/disk.ts";
export type { GettyArgs } from "./debian/base/getty.ts";
export type { InitArgs } from "./debian/base/init.ts";
export type { KernelArgs as DebianKernelArgs } from "./debian/base/kernel.ts";
export type { MetadataArgs } from "./debian/base/metadata.ts";
export type { SecretEndpoints, SecretsArgs } from "./debian/base/secrets.ts";
export type { MountArgs } from "./debian/base/mount.ts";
export type { PackagesArgs } from "./debian/base/packages.ts";
export type { SshdArgs } from "./debian/base/sshd.ts";
export type { SysctlArgs } from "./debian/base/sysctl.ts";
export type { Keep, LockedDeb, LockedDebian, SourcePackage } from "./debian/locked.ts";
export type { RegistryAuth, RegistryAuthRequest, RegistryCredential } from "./oci/registry/credentials.ts";
export { build, type BuildOptions, type Built } from "./builder/build.ts";
export type { Pcrs } from "./disk/pcrs.ts";
export { pull, type PullOptions } from "./builder/pull.ts";
export type { PushOption } from "./builder/publish.ts";
export type { SignOption } from "./sign/key.ts";
export type { SecureBoot, SecureBootKey, SecureBootSigner } from "./disk/signer.ts";
export type { FlattenLimits } from "./oci/flatten/limits.ts";
export type { VerifyRules } from "./sign/verify-rules.ts";
export type { CacheOption } from "./share/registry-cache.ts";
export type { SbomOption } from "./builder/with-sbom.ts";
export type { Artifact, ArtifactFile, ArtifactSegment } from "./builder/artifact.ts";
export type { FormatName } from "./format/formats.ts";
export type { Lock, LockedAttestation } from "./resolve/lock.ts";
export type { BuiltFile } from "./resource/plugin/builder.ts";
export { ApiKeys, type ApiKeysArgs } from "./resource/api-keys.ts";
export { ImageBuild, type SegmentSize } from "./resource/image-build.ts";
export type {
  ArtifactSourceArgs,
  CacheInput,
  ImageBuildArgs,
  ImageBuildSettings,
  ImageSourceArgs,
  LimitsInput,
  PushInput,
  SbomInput,
  SecureBootInput,
  SignInput,
  SignKeyInput,
} from "./resource/image-build-args.ts";
