import { z } from "zod";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { count, fields, mode, owner, text, treePath, word } from "./fields.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

const kinds = {
  /** Creates a directory. @default false */
  directory: z.boolean().optional(),
  /** Creates a symbolic link with this target. */
  symlink: word.optional(),
  /** The file's content; may be empty. */
  contents: z.string().optional(),
  /** A file on the machine that builds; relative to the project's folder, `~/` for the home folder. */
  source: text.min(1).optional(),
  /** The file's content is the definition itself, as YAML or JSON. */
  metadata: z.enum(["yaml", "json"]).optional(),
};

const common = {
  /** With `source`: no file is created when the source does not exist. @default false */
  optional: z.boolean().optional(),
  /** Permission bits, octal in quotes. @default "0600", of a directory "0700" */
  mode: mode.optional(),
  /** Owner: a number, or the name of a container. @default 0 */
  uid: owner.optional(),
  /** Group, as `uid`. @default 0 */
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

export const fileSchema = fields({ ...kinds, ...common }).superRefine(oneKind);

/** A file as the definition has it: with its path, and by its sha256 if it is too large for the definition. */
export const fileSpecSchema = fields({
  path: treePath,
  ...kinds,
  /** 64 hexadecimal digits: the content is in the cache. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
    .optional(),
  /** Bytes. */
  size: count.optional(),
  ...common,
}).superRefine(oneKind);

/** Arguments of {@link File}. */
export type FileArgs = Inputs<z.input<typeof fileSchema>>;

/** A file, directory or link in the OS; it replaces what an image has at the same path. */
export class File {
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
