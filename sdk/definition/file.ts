import { z } from "zod";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { count, fields, fileContents, mode, owner, sha256, text, treePath, word } from "./fields.ts";
import type { FileArgs } from "./file-args.ts";
import { checkName } from "./named-arguments.ts";
import { frozenCopy } from "./inputs.ts";

const kinds = {
  directory: z.boolean().optional(),
  symlink: word.optional(),
  contents: fileContents.optional(),
  source: text.min(1).optional(),
  metadata: z.enum(["yaml", "json"]).optional(),
};

const common = {
  optional: z.boolean().optional(),
  mode: mode.optional(),
  uid: owner.optional(),
  gid: owner.optional(),
};

interface Kinds {
  readonly directory?: boolean | undefined;
  readonly symlink?: unknown;
  readonly contents?: unknown;
  readonly source?: unknown;
  readonly metadata?: unknown;
  readonly sha256?: unknown;
}

const KINDS = ["directory", "symlink", "contents", "source", "metadata"] as const;

function oneKind(value: Kinds, context: z.core.$RefinementCtx): void {
  const given = [...KINDS, "sha256" as const].filter((kind) =>
    kind === "directory" ? value.directory === true : value[kind] !== undefined,
  );
  if (given.length === 1) return;
  const message = `exactly one of ${KINDS.slice(0, -1).join(", ")} and ${KINDS.at(-1)}${given.length > 1 ? `, not ${given.join(" and ")}` : ""}`;
  context.addIssue({ code: "custom", message });
}

/** The schema of `FileArgs`. */
export const fileSchema = fields({ ...kinds, ...common }).superRefine(oneKind);

/** A file as the definition has it: with its path, and by its sha256 if it is too large for the definition. */
export const fileSpecSchema = fields({
  path: treePath,
  ...kinds,
  /** 64 hexadecimal digits: the content is in the cache. */
  sha256: sha256.optional(),
  /** Bytes. */
  size: count.optional(),
  ...common,
}).superRefine(oneKind);

/** A file, directory or link in the OS; it replaces what an image has at the same path. */
export class File {
  /** What tells this class from the others. */
  readonly kind = "file";
  /** Where it is, as it was given. */
  readonly path: string;
  /** The arguments as they were given, frozen. */
  readonly spec: FileArgs;

  /**
   * @param path relative to the root; one leading `/` is the same
   * @throws INVALID_DEFINITION
   */
  constructor(path: string, args: FileArgs) {
    checkName("File", "path", path);
    throwFailures([...failuresOf(treePath, path, ["files", path]), ...failuresOf(fileSchema, args, ["files", path])]);
    this.path = path;
    this.spec = frozenCopy(args);
  }
}

/** A file's path without a leading slash or repeated ones: equal paths are the same place. */
export function plainPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
