import { formatPath, type Step } from "../core/property-path.ts";
import type { Container } from "../definition/container.ts";
import type { ContainerFields } from "../definition/container-fields.ts";
import { containersOf, type Definition, type Placed } from "../definition/definition.ts";
import { type LabelParts, labelParts, withImageFields } from "../definition/label-rules.ts";
import { isDeferred } from "../core/deferred.ts";
import type { Profile } from "../hardening/setting.ts";
import type { HardeningReport } from "../hardening/report.ts";
import type { VerifyRules } from "../sign/verify-rules.ts";

/** What the rules need besides the definition. */
export interface AuditContext {
  /** The registries or repository prefixes that images may come from: `ghcr.io/acme`. @default any */
  readonly registries?: readonly string[] | undefined;
  /** `verify` of `ImageBuild`: the images whose signatures are checked. @default none */
  readonly verify?: VerifyRules | undefined;
  /** A published operating system that is used instead of a definition. Its contents are not checked. @default none */
  readonly artifact?: string | undefined;
  /** `registryMirrors` of `ImageBuild`. @default none */
  readonly registryMirrors?: Readonly<Record<string, string>> | undefined;
  /** `debianMirror` of `ImageBuild`. @default none */
  readonly debianMirror?: string | undefined;
  /** `debianSecurityMirror` of `ImageBuild`. @default none */
  readonly debianSecurityMirror?: string | undefined;
  /**
   * The labels of the images of registries, by the container's path (`services.web`), as `imageLabels` reads them. The rules
   * check what they add. @default labels are not read, and `label: "allow"` is a finding
   */
  readonly labels?: ImageLabels | undefined;
  /** The weakest profile of `harden` that is allowed. @default "default" */
  readonly profile?: Profile | undefined;
  /** The percentage of settings of the Kernel Self Protection Project that must be on, without counting inert ones. @default no minimum */
  readonly hardeningScore?: number | undefined;
}

/** The fields of images' `org.mobyproject.config` labels, by the container's path: `services.web`, `onboot.dhcp`. */
export type ImageLabels = Readonly<Record<string, ContainerFields>>;

/**
 * A container, with the configuration of its image if that is made from packages. Of a registry's image it has the label, if
 * that was read and counts.
 */
export interface Seen extends Placed {
  /** The container. */
  readonly container: Container;
  /** Whether LinuxKit's open defaults apply to unset fields. */
  readonly open: boolean;
  /** What its image's label does, if that was read. */
  readonly label: LabelParts | undefined;
  /** The path in the definition of one of its fields. */
  at(...steps: Step[]): string;
}

/** The operating system that the rules check. */
export interface Subject {
  /** The definition. */
  readonly definition: Definition;
  /** What the rules need besides the definition. */
  readonly context: AuditContext;
  /** Every container. */
  readonly containers: readonly Seen[];
  /** The containers that are services. */
  readonly services: readonly Seen[];
  /** How the machine is hardened. */
  readonly hardening: HardeningReport;
}

export function subjectOf(definition: Definition, context: AuditContext, hardening: HardeningReport): Subject {
  // a whole section may be unknown
  const known = {
    ...definition,
    onboot: list(definition.onboot),
    onshutdown: list(definition.onshutdown),
    services: isDeferred(definition.services) ? {} : definition.services,
  };
  const containers = containersOf(known)
    .filter(({ container }) => !isDeferred(container))
    .map((placed) => seen(placed, context));
  return { definition, context, hardening, containers, services: containers.filter(({ phase }) => phase === "services") };
}

function seen(placed: Placed, { labels = {} }: AuditContext): Seen {
  const { container, phase, name } = placed;
  const place = formatPath([phase, name]);
  const read = Object.hasOwn(labels, place) ? labels[place] : undefined;
  return {
    ...placed,
    container: withImageFields(container, read, phase),
    open: container.sandbox === "linuxkit",
    label: read && labelParts(read, container, phase),
    at: (...steps) => formatPath([phase, name, ...steps]),
  };
}

/** The list, or an empty one if its value is unknown. */
export function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}
