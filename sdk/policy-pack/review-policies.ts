import { readFileSync } from "node:fs";
import type { Policies, ResourceValidationPolicy } from "@pulumi/policy";
import { isDeferred, isPlain } from "../core/deferred.ts";
import { fromFileSystem, LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import type { Level } from "../policy/finding.ts";
import { type Change, type Direction, DIRECTIONS } from "../review/change.ts";
import { diff } from "../review/diff.ts";
import { definitionOf, IMAGE_BUILD, known, NOTHING } from "./image-build.ts";

/** Options of {@link reviewPolicies}. */
export interface ReviewPolicyOptions {
  /**
   * What was approved, by the name of the `ImageBuild`: an image, or the path of a file with the JSON that `pulumi-linuxkit describe`
   * prints. An `ImageBuild` without an entry is compared with nothing, so all that it may do counts as new.
   */
  readonly approved: Readonly<Record<string, Image | string>>;
  /** Whether a change of a direction stops an update, is told, or passes. @default mandatory for `widens`, advisory for `breaks` */
  readonly levels?: Readonly<Partial<Record<Direction, Level | "disabled">>> | undefined;
}

const LEVELS: Readonly<Record<Direction, Level | "disabled">> = {
  widens: "mandatory",
  breaks: "advisory",
  narrows: "disabled",
  neutral: "disabled",
};

/**
 * Policies that compare each `ImageBuild` of a stack with what was approved, during preview and update. Each direction of a change
 * is a policy named `review-DIRECTION`. Messages hold no values, since one may be a secret.
 *
 * @throws INVALID_DEFINITION for an unknown direction or level, or a file that holds no definition; NOT_FOUND for a missing one
 */
export function reviewPolicies({ approved, levels = {} }: ReviewPolicyOptions): Policies {
  for (const [direction, level] of Object.entries(levels)) {
    if (!DIRECTIONS.includes(direction as Direction)) throw wrong(`levels.${direction}`, direction, DIRECTIONS);
    if (!["advisory", "mandatory", "disabled"].includes(level))
      throw wrong(`levels.${direction}`, level, ["advisory", "mandatory", "disabled"]);
  }
  const before = new Map(Object.entries(approved).map(([name, one]) => [name, typeof one === "string" ? readDescribed(one) : one.spec]));
  return DIRECTIONS.flatMap((direction) => {
    const level = levels[direction] ?? LEVELS[direction];
    return level === "disabled" ? [] : [policyOf(direction, level, before)];
  });
}

function policyOf(direction: Direction, level: Level, approved: ReadonlyMap<string, Definition>): ResourceValidationPolicy {
  return {
    name: `review-${direction}`,
    description: `No change of an operating system ${MEANING[direction]} before it is approved.`,
    enforcementLevel: level,
    severity: level === "mandatory" ? "high" : "medium",
    validateResource({ type, name, props }, report) {
      const definition = type === IMAGE_BUILD ? definitionOf(known((props as { image?: unknown }).image)) : undefined;
      if (!definition) return;
      const before = approved.get(name) ?? NOTHING;
      const after = settled(definition, before) as Definition;
      for (const change of diff({ definition: before }, { definition: after })) if (change.direction === direction) report(lineOf(change));
    },
  };
}

const MEANING: Readonly<Record<Direction, string>> = {
  widens: "widens access",
  breaks: "may stop something from working",
  narrows: "narrows access",
  neutral: "is made",
};

function lineOf({ part, noun, action, why }: Change): string {
  return `image.${part}: ${noun} ${action}${why === undefined ? "" : `: ${why}`}; to accept it, write the approved definition anew`;
}

/** A definition in which what was approved stands for what is not known yet. */
function settled(value: unknown, before: unknown): unknown {
  if (isDeferred(value)) return before;
  const at = (name: string | number): unknown =>
    typeof before === "object" && before !== null ? (before as Record<string, unknown>)[name] : undefined;
  if (Array.isArray(value)) return value.map((member, index) => settled(member, at(index)));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, settled(member, at(name))]));
}

function readDescribed(file: string): Definition {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fromFileSystem(error, file);
  }
  try {
    const read: unknown = JSON.parse(text);
    if (isPlain(read) && "services" in read && "init" in read) return { ...NOTHING, ...read } as Definition;
  } catch {
    // told below, as any other text
  }
  throw new LinuxKitError("INVALID_DEFINITION", `${file}: wanted the JSON that \`pulumi-linuxkit describe\` prints`, { path: file });
}

function wrong(path: string, got: unknown, wanted: readonly string[]): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${path}: got ${JSON.stringify(got)}, wanted one of ${wanted.join(", ")}`, { path });
}
