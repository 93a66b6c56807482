import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { API_CAPABILITIES, apiFiles } from "../guest/api.ts";
import { MACHINE_FILE } from "../guest/description.ts";
import { END_MARK, END_MARK_CONTENTS, guestFiles, MOUNT_POINTS, PROGRAM, PROGRAM_LINKS } from "../guest/files.ts";
import type { PrivateNetwork } from "../guest/firewall.ts";
import { HEALTHZ_CAPABILITIES } from "../guest/healthz.ts";
import { TLS_PROGRAM } from "../guest/https.ts";
import type { Resolved, ResolvedImage } from "../resolve/resolve.ts";
import { accountNumber, type Accounts, containerAccounts } from "../runtime/account.ts";
import { type Bundle, bundles } from "../runtime/bundle.ts";
import { hostsPath } from "../runtime/sandbox.ts";
import { defaultSeccomp } from "../runtime/seccomp.ts";
import { guestCommandLine, hardenedCommandLine } from "./command-line.ts";
import { directoryStep, fileStep, programStep, symlinkStep } from "./entry-step.ts";
import { fileSteps, type Metadata, type OwnerNumber } from "./files.ts";
import { guestStep } from "./guest-bundle.ts";
import { debianPath, foldersAbove, type PathMapping, plainPathMapping } from "./path-mapping.ts";
import { hostsText } from "./hosts.ts";
import { kernelSegments, moduleSegments, planKernel } from "./kernel.ts";
import { machineText } from "./machine-file.ts";
import { privateNetworks } from "./private-networks.ts";
import {
  type LayoutStep,
  type SegmentCompression,
  type Plan,
  type PlanSegment,
  type PlanStep,
  planDigest,
  type UnpackStep,
} from "./plan.ts";
import { needlessModules } from "./needless-modules.ts";
import { seesTracing } from "./sees-tracing.ts";
import { sharedLinks, withShared } from "./shared-files.ts";
import { isDebian, sourceOf } from "./source.ts";
import { volumeOwners } from "./volume-owners.ts";
import { volumeSteps, volumeTrees } from "./volumes.ts";

/** For segments that rarely change and that every machine of a fleet loads. */
const DENSE: SegmentCompression = { algorithm: "zstd", level: 19, window: 21 };
/** For segments that change with the application. They come last, when least memory is free: the window costs 0.3 % of the size. */
const QUICK: SegmentCompression = { algorithm: "zstd", level: 3, window: 19 };
/** For kernels that may not unpack zstd: all of them unpack gzip. Level 6 takes twice the time to save a 25th. */
const COMMON: SegmentCompression = { algorithm: "gzip", level: 4 };

export interface PlanOptions {
  /** Whether a kernel that is not Debian's unpacks an initramfs in zstd; Debian's does. @default false */
  readonly kernelTakesZstd?: boolean;
}

/**
 * Composes the plan. It is pure: the same resolved definition gives the same plan, and equal plans give equal bytes.
 *
 * Segments are in the order in which the guest's kernel unpacks them: `tree` (the directories above all other paths; an
 * image's own entry overrides them), `kernel` (the contents of an image's `kernel.tar`; after `init` if that is the guest's
 * own), `init`, `modules`, one for each container image and volume, `files` (the large ones), `config`. The last path is
 * the end mark, by which the guest detects an incomplete initramfs.
 *
 * @param metadata returns the definition as text, for `files` with `metadata`
 * @throws INVALID_DEFINITION for errors that depend on the images
 */
export function createPlan(resolved: Resolved, metadata: Metadata, { kernelTakesZstd = false }: PlanOptions = {}): Plan {
  const { definition, arch, images } = resolved;
  const image = (location: string): ResolvedImage => {
    const found = images.get(location);
    if (!found) throw new LinuxKitError("NOT_FOUND", `${location} was not resolved`, { what: location });
    return found;
  };
  const laidOut = bundles(definition, (_, location) => image(`${location}.image`).config, arch);
  const own = definition.init.some((source) => typeof source !== "string" && source.debian.role === "init");
  const place = own ? debianPath : plainPathMapping;
  const { kernel } = definition;
  const kernelImage = kernel && image("kernel.image");
  const common = kernelTakesZstd ? QUICK : COMMON;
  const [dense, quick] = kernel && typeof kernel.image !== "string" ? [DENSE, QUICK] : [common, common];

  const accounts = containerAccounts(definition);
  const { large, small } = fileSteps(definition.files, place, fileOwner(accounts, laidOut), metadata);
  const networks = privateNetworks(laidOut, definition.services, own);
  if (!own) refuseUsers(laidOut);
  const init = initSteps(resolved, image, own, place);
  const owners = volumeOwners(definition, laidOut);
  const initImages = definition.init.map((_, index) => image(`init[${index}]`));
  const trees = [...volumeTrees(resolved, owners), ...containerTrees(laidOut, image)];
  // an image whose packages are all in init goes into the same segment, where its copy of the guest's program becomes a hard link
  const initPackages = packagesOf(initImages);
  const sharing = trees.filter(
    (step) =>
      own &&
      step.kind === "unpack" &&
      !step.idBase &&
      isDebian(step.source) &&
      step.source.packages.every(({ sha256 }) => initPackages.has(sha256)),
  );
  const apart = trees
    .filter((step) => !sharing.includes(step))
    .map((step) => ({ location: step.location, steps: withProgram(own ? withShared(step, initImages, arch) : step, arch, own) }));

  const config: PlanStep[] = [
    ...laidOut.flatMap((bundle) => bundleSteps(bundle, own, networks.get(bundle.phase === "services" ? bundle.name : ""))),
    ...volumeSteps(definition, owners),
    ...small,
  ];
  if (own && definition.api) {
    const files = apiFiles(definition.api, defaultSeccomp(API_CAPABILITIES, arch));
    for (const { path, mode, contents, owner } of files) config.push(fileStep(place(path), contents, mode, owner));
  }
  // publishing another port leaves segments that rarely change as they are
  if (own)
    config.push(
      fileStep(
        place(MACHINE_FILE),
        machineText({
          networks: [...networks.values()],
          forwards: Object.values(definition.services).some(({ forwards }) => forwards === true),
          shared: sharedLinks(apart.flatMap(({ steps }) => steps)),
          harden: definition.harden,
          arch,
        }),
      ),
    );
  if (own) config.push(fileStep(place(END_MARK), END_MARK_CONTENTS));
  const kernelTar = kernelSegments(kernel, kernelImage, { compression: dense, mergedUsr: own });
  const below = [...init, ...config, ...large].flatMap((step) => (step.kind === "entry" ? [step.path] : []));
  const folders = foldersAbove([...below, ...trees.map(({ prefix }) => `${prefix}/`)]);

  const segments: PlanSegment[] = [
    { name: "tree", compression: quick, steps: folders.map((path) => directoryStep(path)) },
    ...(own ? [] : kernelTar),
    { name: "init", compression: dense, steps: [...init, ...sharing.flatMap((step) => withProgram(step, arch))] },
    ...(own ? kernelTar : []),
    ...moduleSegments(kernel, kernelImage, dense, own ? needlessModules(laidOut, definition.volumes) : []),
    ...apart.map(({ location, steps }) => ({ name: location.replace(/\.image$/, ""), compression: quick, steps })),
    { name: "files", compression: quick, steps: large },
    { name: "config", compression: quick, steps: config },
  ].filter(({ steps }) => steps.length > 0);

  const hardened = hardenedCommandLine(kernel?.cmdline ?? "", definition.harden, arch);
  const plan = {
    version: 1 as const,
    arch,
    cmdline: own ? guestCommandLine(hardened, laidOut.some(seesTracing)) : hardened,
    ...(kernel && kernelImage && { kernel: planKernel(kernel, kernelImage) }),
    segments,
  };
  return { ...plan, digest: planDigest(plan) };
}

function initSteps(
  { definition, arch }: Resolved,
  image: (location: string) => ResolvedImage,
  own: boolean,
  place: PathMapping,
): PlanStep[] {
  const steps: PlanStep[] = definition.init.map((_, index): UnpackStep => {
    const location = `init[${index}]`;
    return { kind: "unpack", source: sourceOf(image(location)), prefix: "", place: "init", location };
  });
  if (!own) return steps;
  for (const path of MOUNT_POINTS) steps.push(directoryStep(path));
  steps.push(programStep(PROGRAM, arch), ...PROGRAM_LINKS.map((path) => symlinkStep(place(path), `/${PROGRAM}`)));
  const { healthPort } = definition;
  const forwarded = Object.entries(definition.services).flatMap(([name, { log }]) => (log?.forward ? [{ name, url: log.forward }] : []));
  const asksTls = Object.values(definition.services).some(({ health }) => health?.https !== undefined);
  const options = {
    forwarded,
    asksTls,
    ...(healthPort !== undefined && { healthPort }),
    seccomp: defaultSeccomp(HEALTHZ_CAPABILITIES, arch),
  };
  for (const { path, mode, contents } of guestFiles(options)) steps.push(fileStep(place(path), contents, mode));
  // the program is large and rarely changes; the keys beside it are in another segment
  if (definition.api || asksTls) steps.push(programStep(place(TLS_PROGRAM), arch, "linuxkit-tls"));
  return steps;
}

/**
 * An image's tree, with the program of the guest that its recipe names.
 *
 * @param linked whether the guest links its own program there; a tree with user ids of its own has a copy
 */
function withProgram(step: UnpackStep | LayoutStep, arch: Arch, linked = false): PlanStep[] {
  const program = step.kind === "unpack" && isDebian(step.source) ? step.source.debian.program : undefined;
  if (step.kind !== "unpack" || !program) return [step];
  const folder = `${step.prefix}/usr/bin`;
  const made = programStep(`${folder}/${program}`, arch, program, step.idBase);
  if (!linked || program !== "linuxkitd" || step.idBase) return [step, made];
  return [step, directoryStep(folder), { ...made, shared: true }];
}

function containerTrees(laidOut: readonly Bundle[], image: (location: string) => ResolvedImage): UnpackStep[] {
  return laidOut
    .filter(({ unpacks }) => unpacks)
    .map(({ tree, location, idBase }) => ({
      kind: "unpack",
      source: sourceOf(image(`${location}.image`)),
      prefix: tree,
      place: "container",
      ...(idBase > 0 && { idBase }),
      location: `${location}.image`,
    }));
}

/** Private user ids need more than a mapping: mount points in the root filesystem, and layers that belong to those users. */
function refuseUsers(laidOut: readonly Bundle[]): void {
  const found = laidOut.find(({ idBase }) => idBase > 0);
  if (!found) return;
  const path = `${found.location}.userns`;
  throw new LinuxKitError("INVALID_DEFINITION", `${path}: got "private", which needs the guest's own init: set init: [debian.init()]`, {
    path,
  });
}

/** The machine's id of a file's owner. A container's name stands for the container's user. */
function fileOwner(accounts: Accounts, laidOut: readonly Bundle[]): OwnerNumber {
  const bases = new Map(laidOut.map(({ name, idBase }) => [name, idBase]));
  return (owner, path) => accountNumber(owner, accounts, path) + (bases.get(String(owner)) ?? 0);
}

function bundleSteps(bundle: Bundle, own: boolean, network: PrivateNetwork | undefined): PlanStep[] {
  const { path, directories, idBase, config, runtime } = bundle;
  return [
    ...directories.map((directory) => directoryStep(directory, 0o755, idBase)),
    // a root in memory holds each page of it, and the container runtime a copy beside it
    fileStep(`${path}/config.json`, own ? JSON.stringify(JSON.parse(config)) : config),
    // what LinuxKit's init reads, the guest's own has in its description
    own ? guestStep(bundle, network) : fileStep(`${path}/runtime.json`, runtime),
    ...(network && network.hosts.length > 0 ? [fileStep(hostsPath(path), hostsText(network))] : []),
  ];
}

function packagesOf(images: readonly ResolvedImage[]): ReadonlySet<string> {
  return new Set(images.flatMap((image) => ("debian" in image ? image.packages.map(({ sha256 }) => sha256) : [])));
}
