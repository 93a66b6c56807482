import { LinuxKitError } from "../core/errors.ts";
import { END_MARK, END_MARK_CONTENTS, guestFiles, MOUNT_POINTS } from "../guest/files.ts";
import { FIREWALL_FILE, firewallRules, type PrivateNetwork } from "../guest/firewall.ts";
import { HEALTHZ_CAPABILITIES } from "../guest/healthz.ts";
import type { Resolved, ResolvedImage } from "../resolve/resolve.ts";
import { accountNumber, type Accounts, containerAccounts } from "../runtime/account.ts";
import { type Bundle, bundles } from "../runtime/bundle.ts";
import { hardeningParameters } from "../hardening/profile.ts";
import { defaultSeccomp } from "../runtime/seccomp.ts";
import { guestCommandLine, hardenedCommandLine } from "./command-line.ts";
import { directoryStep, fileStep } from "./entry-step.ts";
import { fileSteps, type Metadata, type OwnerNumber } from "./files.ts";
import { guestStep } from "./guest-bundle.ts";
import { debianPath, foldersAbove, type PathMapping, plainPathMapping } from "./path-mapping.ts";
import { kernelSegments, moduleSegments, planKernel } from "./kernel.ts";
import { privateNetworks } from "./private-networks.ts";
import { type SegmentCompression, type Plan, type PlanSegment, type PlanStep, planDigest, type UnpackStep } from "./plan.ts";
import { isDebian, sourceOf } from "./source.ts";
import { volumeOwners } from "./volume-owners.ts";
import { volumeSteps, volumeTrees } from "./volumes.ts";

/** For what changes seldom, and every machine of a fleet loads. */
const DENSE: SegmentCompression = { algorithm: "zstd", level: 19 };
/** For what changes with the application. */
const QUICK: SegmentCompression = { algorithm: "zstd", level: 3 };
/** For kernels of unknown make: every one of them takes gzip. */
const COMMON: SegmentCompression = { algorithm: "gzip", level: 6 };

/**
 * Composes the plan: pure, so that the same resolved definition always gives the same plan, and equal plans equal bytes.
 *
 * Segments, in the order in which the guest's kernel unpacks them: `tree` (the directories above everything else, so
 * that what an image says of one wins), `kernel` (what an image's `kernel.tar` holds; after `init` where that is ours),
 * `init`, `modules`, one for each container image and volume, `files` (large ones), `config`. The end mark that the guest looks for is the last path of all.
 *
 * @param metadata the definition as text, for `files` that are its metadata
 * @throws INVALID_DEFINITION for what only the images bring to light
 */
export function createPlan(resolved: Resolved, metadata: Metadata): Plan {
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
  const [dense, quick] = kernel && typeof kernel.image !== "string" ? [DENSE, QUICK] : [COMMON, COMMON];

  const accounts = containerAccounts(definition);
  const { large, small } = fileSteps(definition.files, place, fileOwner(accounts, laidOut), metadata);
  const networks = privateNetworks(laidOut, definition.services, own);
  if (!own) refuseUsers(laidOut);
  const init = initSteps(resolved, image, own, place);
  const owners = volumeOwners(definition, laidOut);
  const trees = [...volumeTrees(resolved, owners), ...containerTrees(laidOut, image)];
  // an image that holds nothing but what init holds too shares its bytes, as hard links, when it is in the same segment
  const initPackages = packagesOf(definition.init.map((_, index) => image(`init[${index}]`)));
  const sharing = trees.filter(
    (step) =>
      own &&
      step.kind === "unpack" &&
      !step.idBase &&
      isDebian(step.source) &&
      step.source.packages.every(({ sha256 }) => initPackages.has(sha256)),
  );
  const apart = trees.filter((step) => !sharing.includes(step));

  const config: PlanStep[] = [
    ...laidOut.flatMap((bundle) => bundleSteps(bundle, own, laidOut, networks.get(bundle.phase === "services" ? bundle.name : ""))),
    ...volumeSteps(definition, owners),
    ...small,
  ];
  // a port that is published anew leaves what changes seldom as it is
  if (networks.size > 0) config.push(fileStep(place(FIREWALL_FILE), firewallRules([...networks.values()])));
  if (own) config.push(fileStep(place(END_MARK), END_MARK_CONTENTS));
  const kernelTar = kernelSegments(kernel, kernelImage, { compression: dense, mergedUsr: own });
  const below = [...init, ...config, ...large].flatMap((step) => (step.kind === "entry" ? [step.path] : []));
  const folders = foldersAbove([...below, ...trees.map(({ prefix }) => `${prefix}/`)]);

  const segments: PlanSegment[] = [
    { name: "tree", compression: quick, steps: folders.map((path) => directoryStep(path)) },
    ...(own ? [] : kernelTar),
    { name: "init", compression: dense, steps: [...init, ...sharing] },
    ...(own ? kernelTar : []),
    ...moduleSegments(kernel, kernelImage, dense),
    ...apart.map((step) => ({ name: step.location.replace(/\.image$/, ""), compression: quick, steps: [step] })),
    { name: "files", compression: quick, steps: large },
    { name: "config", compression: quick, steps: config },
  ].filter(({ steps }) => steps.length > 0);

  const hardened = hardenedCommandLine(kernel?.cmdline ?? "", definition.harden, arch);
  const plan = {
    version: 1 as const,
    arch,
    cmdline: own ? guestCommandLine(hardened) : hardened,
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
  const { healthPort, harden } = definition;
  const forwarded = Object.entries(definition.services).flatMap(([name, { log }]) => (log?.forward ? [{ name, url: log.forward }] : []));
  const options = {
    forwarded,
    ...(healthPort !== undefined && { healthPort }),
    ...(harden && { parameters: hardeningParameters(harden, arch) }),
    seccomp: defaultSeccomp(HEALTHZ_CAPABILITIES, arch),
  };
  for (const { path, mode, contents } of guestFiles(options)) steps.push(fileStep(place(path), contents, mode));
  return steps;
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

/** Users of a container's own want more than a mapping: a root that may get mount points, and layers that belong to them. */
function refuseUsers(laidOut: readonly Bundle[]): void {
  const found = laidOut.find(({ idBase }) => idBase > 0);
  if (!found) return;
  const path = `${found.location}.userns`;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: got "private", which the guest's own init prepares; wanted init: [debian.init()]`,
    { path },
  );
}

/** The number of a file's owner: a container's name means the user that it is on the machine. */
function fileOwner(accounts: Accounts, laidOut: readonly Bundle[]): OwnerNumber {
  const bases = new Map(laidOut.map(({ name, idBase }) => [name, idBase]));
  return (owner, path) => accountNumber(owner, accounts, path) + (bases.get(String(owner)) ?? 0);
}

function bundleSteps(bundle: Bundle, own: boolean, all: readonly Bundle[], network: PrivateNetwork | undefined): PlanStep[] {
  const { path, directories, idBase, config, runtime } = bundle;
  return [
    ...directories.map((directory) => directoryStep(directory, 0o755, idBase)),
    fileStep(`${path}/config.json`, config),
    fileStep(`${path}/runtime.json`, runtime),
    ...(own ? [guestStep(bundle, all, network)] : []),
  ];
}

function packagesOf(images: readonly ResolvedImage[]): ReadonlySet<string> {
  return new Set(images.flatMap((image) => ("debian" in image ? image.packages.map(({ sha256 }) => sha256) : [])));
}
