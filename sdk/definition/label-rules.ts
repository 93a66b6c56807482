import { isDeferred } from "../core/deferred.ts";
import { expandCapabilities } from "./capability.ts";
import type { Container } from "./container.ts";
import type { ContainerFields } from "./container-fields.ts";
import { rlimitName } from "./rlimit.ts";
import type { Phase } from "./definition.ts";
import { MASKED_PATHS, PIDS_LIMIT, READONLY_PATHS } from "./sandbox-defaults.ts";

/*
 * What the `org.mobyproject.config` label of an image may do to the default sandbox. Whoever builds an image is not the one
 * who runs it, so the label may close the sandbox further, and never opens it: opening takes the definition's word.
 */

/** The fields of a label that count, by what they do to the default sandbox. A list may be in both, item by item. */
export interface LabelParts {
  /** These say what the program is, or close the sandbox further. */
  readonly narrow: ContainerFields;
  /** These open the sandbox. */
  readonly wide: ContainerFields;
}

/** Whether everything in the label of a container's image counts, by the definition's word or by LinuxKit's rules. */
export function trustsLabel({ image, sandbox, label }: Pick<Container, "image" | "sandbox" | "label">): boolean {
  // the fields of an image made from packages are in the definition
  return sandbox === "linuxkit" || label === "allow" || typeof image !== "string";
}

// "" in one of these fields means unset, so it never clears the label's value
const EMPTY_IS_UNSET = new Set(["cwd", "net", "pid", "ipc", "uts", "userns", "hostname"]);

/** Whether a container or a label has a value in this field. */
export function isSet(field: string, value: unknown): boolean {
  return value !== undefined && !(value === "" && EMPTY_IS_UNSET.has(field));
}

/**
 * A container with what its image says of it: the configuration of one made from packages, and what counts of a label; its own
 * fields are before both.
 *
 * @param label the fields of the image's label, if that was read
 */
export function withImageFields(container: Container, label: ContainerFields | undefined, phase: Phase): Container {
  const { image } = container;
  const said = typeof image === "object" && !isDeferred(image) ? (image.config as Partial<Container>) : {};
  const counted = label && (trustsLabel(container) ? label : labelParts(label, container, phase).narrow);
  const own = Object.fromEntries(Object.entries(container).filter(([field, value]) => isSet(field, value)));
  return { ...said, ...counted, ...own } as Container;
}

/** Sorts the fields of a label that the definition does not set itself. */
export function labelParts(label: ContainerFields, container: Container, phase: Phase): LabelParts {
  const narrow: Record<string, unknown> = {};
  const wide: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(label)) {
    const rule = RULES[field as keyof ContainerFields] as ((value: unknown, place: Place) => Sorted) | undefined;
    const isOwn = field !== "runtime" && isSet(field, container[field as keyof Container]);
    if (!isSet(field, value) || isOwn || field.endsWith(".add")) continue;
    const sorted = rule ? rule(value, { container, phase }) : isEmpty(value) ? {} : { wide: value };
    if (sorted.narrow !== undefined) narrow[field] = sorted.narrow;
    if (sorted.wide !== undefined) wide[field] = sorted.wide;
  }
  return { narrow: narrow as ContainerFields, wide: wide as ContainerFields };
}

interface Place {
  readonly container: Container;
  readonly phase: Phase;
}

interface Sorted {
  readonly narrow?: unknown;
  readonly wide?: unknown;
}

type Rule<F extends keyof ContainerFields> = (value: NonNullable<ContainerFields[F]>, place: Place) => Sorted;

const narrow = (value: unknown): Sorted => ({ narrow: value });
const only =
  <T>(closed: (value: T) => boolean) =>
  (value: T): Sorted =>
    closed(value) ? { narrow: value } : { wide: value };

// the word for a namespace of its own, which is the default
const fresh = (value: string): Sorted => (value === "new" ? { narrow: value } : { wide: value });
const isNobody = (list: readonly string[]): Sorted => (expandCapabilities(list).length === 0 ? {} : { wide: list });

// a list without the sandbox's own paths opens those
function besides(own: readonly string[]): (paths: readonly string[]) => Sorted {
  return (paths) => ({
    narrow: [...new Set([...own, ...paths])],
    ...(own.some((path) => !paths.includes(path)) && { wide: paths }),
  });
}

/** A field without a rule always opens something: binds, mounts, devices, kernel parameters, actions on the machine. */
const RULES: { readonly [F in keyof ContainerFields]?: Rule<F> } = {
  command: narrow,
  env: narrow,
  cwd: narrow,
  // a process without capabilities cannot become another user, so any user has fewer files than user 0 of the sandbox
  uid: narrow,
  // a user of the definition gets no group that the definition does not name
  gid: (value, { container: { uid } }) => (uid === undefined ? { narrow: value } : { wide: value }),
  capabilities: isNobody,
  ambient: isNobody,
  readonly: only((value) => value),
  noNewPrivileges: only((value) => value),
  maskedPaths: besides(MASKED_PATHS),
  readonlyPaths: besides(READONLY_PATHS),
  hostname: (value, { container: { uts } }) => (!uts || uts === "new" ? { narrow: value } : { wide: value }),
  net: (value, { phase }) =>
    value === "none" || value === "new" || (value === "private" && phase === "services") ? { narrow: value } : { wide: value },
  pid: fresh,
  ipc: fresh,
  uts: fresh,
  userns: (value) => (value === "private" ? { narrow: value } : value === "host" || value === "root" ? {} : { wide: value }),
  oomScoreAdj: only((value) => value >= 0),
  rootfsPropagation: only((value) => value === "private" || value === "rprivate"),
  rlimits: (list) => split(list, isLower),
  resources: ({ pids, ...rest }) => {
    const isFewer = pids !== undefined && pids.limit > 0 && pids.limit <= PIDS_LIMIT;
    const others = { ...rest, ...(pids !== undefined && !isFewer && { pids }) };
    return { ...(isFewer && { narrow: { pids } }), ...(Object.keys(others).length > 0 && { wide: others }) };
  },
};

/** The largest limit that is no wider than the kernel's own for PID 1 (include/asm-generic/resource.h); of others 0. */
const KERNEL_LIMITS: Readonly<Record<string, bigint>> = {
  RLIMIT_AS: 2n ** 64n,
  RLIMIT_CPU: 2n ** 64n,
  RLIMIT_DATA: 2n ** 64n,
  RLIMIT_FSIZE: 2n ** 64n,
  RLIMIT_RSS: 2n ** 64n,
  RLIMIT_STACK: 8n << 20n,
  RLIMIT_NOFILE: 1024n,
  RLIMIT_MEMLOCK: 64n << 10n,
};

function isLower(text: string): boolean {
  const [name = "", ...limits] = text.split(",").map((part) => part.trim());
  return limits.every((limit) => /^\d+$/.test(limit) && BigInt(limit) <= (KERNEL_LIMITS[rlimitName(name)] ?? 0n));
}

function split<T>(list: readonly T[], closed: (item: T) => boolean): Sorted {
  const kept = list.filter(closed);
  const rest = list.filter((item) => !closed(item));
  return { ...(kept.length > 0 && { narrow: kept }), ...(rest.length > 0 && { wide: rest }) };
}

/** An empty list or object asks for nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
