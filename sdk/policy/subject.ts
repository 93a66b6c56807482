import { formatPath, type Step } from "../core/property-path.ts";
import type { Container } from "../definition/container.ts";
import { containersOf, type Definition, type Placed } from "../definition/definition.ts";
import { isDeferred } from "../definition/inputs.ts";
import type { Profile } from "../hardening/setting.ts";
import type { HardeningReport } from "../hardening/report.ts";
import type { VerifyRules } from "../sign/verify-rules.ts";

/** What the rules need to know beside the definition. */
export interface AuditContext {
  /** Registries, or beginnings of repositories, that images may come from: `ghcr.io/acme`. @default any */
  readonly registries?: readonly string[] | undefined;
  /** As `ImageBuild` takes it: whose images are checked for a signature. @default none */
  readonly verify?: VerifyRules | undefined;
  /** A published operating system that a build starts from instead of a definition; what it holds is not seen. @default none */
  readonly artifact?: string | undefined;
  /** As `ImageBuild` takes them. @default none */
  readonly registryMirrors?: Readonly<Record<string, string>> | undefined;
  readonly debianMirror?: string | undefined;
  readonly debianSecurityMirror?: string | undefined;
  /** The weakest profile of `harden` that is enough. @default "default" */
  readonly profile?: Profile | undefined;
  /** Percent of the settings of the Kernel Self Protection Project that must be on; what is inert counts for neither side. @default none */
  readonly hardeningScore?: number | undefined;
}

/** A container with what an image made from packages says of it; what a registry's image says is not known here. */
export interface Seen extends Placed {
  readonly container: Container;
  /** Whether LinuxKit's open defaults hold where nothing is said. */
  readonly open: boolean;
  /** A path within it. */
  at(...steps: Step[]): string;
}

/** One operating system as the rules look at it. */
export interface Subject {
  readonly definition: Definition;
  readonly context: AuditContext;
  readonly containers: readonly Seen[];
  /** Those of the containers that run as long as the machine. */
  readonly services: readonly Seen[];
  readonly hardening: HardeningReport;
}

export function subjectOf(definition: Definition, context: AuditContext, hardening: HardeningReport): Subject {
  // a whole section may not be known yet
  const known = {
    ...definition,
    onboot: list(definition.onboot),
    onshutdown: list(definition.onshutdown),
    services: isDeferred(definition.services) ? {} : definition.services,
  };
  const containers = containersOf(known)
    .filter(({ container }) => !isDeferred(container))
    .map(seen);
  return { definition, context, hardening, containers, services: containers.filter(({ phase }) => phase === "services") };
}

function seen(placed: Placed): Seen {
  const { container, phase, name } = placed;
  const said = typeof container.image === "object" && !isDeferred(container.image) ? (container.image.config as Partial<Container>) : {};
  return {
    ...placed,
    container: { ...said, ...container },
    open: container.sandbox === "linuxkit",
    at: (...steps) => formatPath([phase, name, ...steps]),
  };
}

/** A list that is known, else an empty one. */
export function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}
