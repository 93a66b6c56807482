import type { Arch } from "../core/arch.ts";
import { isPlain } from "../core/deferred.ts";
import type { Definition } from "../definition/definition.ts";
import type { Check } from "./examine.ts";
import type { Registered, RunRequest } from "./program-run.ts";

/** Machines that are asked about without a program. */
export interface GivenMachines {
  readonly instanceType: string;
  readonly count: number;
  readonly arch: Arch;
  /** Subnets by id or name, and what filters their traffic: security groups, network tags. */
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  /** The port of health checks. */
  readonly port: number | undefined;
}

/** What a cloud's checks are asked. */
export interface Asked {
  /** Where: the options of the command that are about the cloud, by name. */
  readonly place: Readonly<Record<string, string | undefined>>;
  /** The program's configuration: `aws:region`. */
  readonly config: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  /** The credentials of a resource, as its inputs name them. @default those of the options, the configuration and the environment */
  readonly access?: object;
  /** What the program registers; undefined without a program. */
  readonly resources: readonly Registered[] | undefined;
  readonly machines: GivenMachines | undefined;
}

/** One cloud's checks. */
export interface CloudDoctor {
  /** Pulumi's package for it. */
  readonly stock: string;
  /** What a program's invokes answer. */
  answers(asked: Asked): RunRequest["answers"];
  /** Whether there are credentials, and whose they are. The other checks run only with them. */
  identity(asked: Asked): Check;
  checks(asked: Asked): readonly Check[];
  /** The smallest policy or role with which an update works, as the cloud takes it. */
  policy(asked: Asked): object;
}

/** Registered resources of one type. */
export function ofType(resources: readonly Registered[] = [], type: string): readonly Registered[] {
  return resources.filter((resource) => resource.type === type);
}

/** The operating system of the build with a digest, or the only one of the program. */
export function buildOf(resources: readonly Registered[] = [], digest: unknown): BuildFacts | undefined {
  const builds = ofType(resources, "linuxkit:index:ImageBuild");
  const found = builds.find(({ outputs }) => outputs["digest"] === digest) ?? (builds.length === 1 ? builds[0] : undefined);
  if (found === undefined) return undefined;
  const { image, arch } = found.inputs as { readonly image?: Definition; readonly arch?: Arch };
  return { definition: isPlain(image) ? (image as unknown as Definition) : undefined, arch: arch ?? "amd64" };
}

/** A build of the program. */
export interface BuildFacts {
  /** Undefined for a published artifact. */
  readonly definition: Definition | undefined;
  readonly arch: Arch;
}

/** The ports that health checks from outside ask: `healthPort`, else those of the services' own checks. */
export function healthPorts(definition: Definition | undefined): readonly number[] {
  if (typeof definition?.healthPort === "number") return [definition.healthPort];
  const services: readonly unknown[] = Object.values(definition?.services ?? {});
  return services.flatMap((service) => {
    const { health } = service as {
      readonly health?: { readonly http?: { readonly port?: unknown }; readonly tcp?: { readonly port?: unknown } };
    };
    const port = health?.http?.port ?? health?.tcp?.port;
    return typeof port === "number" ? [port] : [];
  });
}
