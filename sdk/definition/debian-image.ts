import { z } from "zod";
import { type ContainerFields, labelSchema } from "./container-fields.ts";
import { count, fields, fileContents, mode, sha256, text, treePath, word } from "./fields.ts";

/** A Debian package's name (Debian policy 5.6.1). */
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "a Debian package name: lower-case letters, digits, +, - and .");

/**
 * A user or group name as Debian's `useradd` takes it, without the signs that need a quote somewhere. Debian's own packages
 * have `Debian-exim` and `Debian-snmp` (policy 9.2.1 asks for such names).
 */
const accountName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, "at most 32 letters, digits, _ or -, not beginning with a digit");

/** A user of an image made from Debian packages. */
export interface DebianUser {
  /** Its name. @example "app" */
  readonly name: string;
  /** Its number. @example 1000 */
  readonly uid: number;
  /** The number of its group. @default `uid`, of a new group @example 1000 */
  readonly gid?: number | undefined;
  /** Name of the group that is created with the user. @default the user's name @example "app" */
  readonly group?: string | undefined;
  /** Its home folder. @default "/nonexistent" @example "/app" */
  readonly home?: string | undefined;
  /** Its shell. @default "/usr/sbin/nologin" @example "/bin/sh" */
  readonly shell?: string | undefined;
}

/** A group of an image made from Debian packages. */
export interface DebianGroup {
  /** Its name. @example "render" */
  readonly name: string;
  /** Its number. @example 106 */
  readonly gid: number;
  /** Users of the group, by name. @default none @example ["app"] */
  readonly members?: readonly string[] | undefined;
}

/**
 * A file, folder or link of an image made from Debian packages; it replaces what the packages have at its path. At most one of
 * `contents`, `source`, `directory` and `symlink` is set.
 */
export interface DebianFile {
  /** Where it is in the image. @example "/app/server.js" */
  readonly path: string;
  /** The file's content. @default empty @example "hello\n" */
  readonly contents?: string | undefined;
  /**
   * A file or folder on the machine that builds; relative to the project's folder, `~/` for the home folder. Files may be binary.
   * Of a folder, links stay links, what its `.dockerignore` names is left out, and there is no `mode`: at most 10000 files with
   * 1 GiB together.
   * @default none
   * @example "app"
   */
  readonly source?: string | undefined;
  /** Creates a folder. @default false */
  readonly directory?: boolean | undefined;
  /** Creates a symbolic link with this target. @default none @example "/usr/bin/node" */
  readonly symlink?: string | undefined;
  /**
   * Permission bits, octal digits in quotes.
   * @default "0644"; "0755" of a folder, and of a source that can be executed
   * @example "0755"
   */
  readonly mode?: string | undefined;
  /** The owner's number. @default 0 @example 1000 */
  readonly uid?: number | undefined;
  /** The group's number. @default 0 @example 1000 */
  readonly gid?: number | undefined;
}

/** A file as the definition has it: by its sha256 if it is too large for the definition, or binary. */
export interface DebianFileSpec extends DebianFile {
  /** The content is in the cache, under 64 hexadecimal digits. @default none */
  readonly sha256?: string | undefined;
  /** Bytes of that content. @default not known */
  readonly size?: number | undefined;
}

/** What an image made from Debian packages holds. */
export interface DebianRecipe {
  /** `kernel` and `init` get the parts that only they need; any other image is `packages`. */
  readonly role: "packages" | "kernel" | "init";
  /** Packages by name; empty for a kernel, whose package is found through its metapackage. */
  readonly packages: readonly string[];
  /**
   * `slim`: the packages, the libraries that their programs load, and what their links lead to. `all`: every package that they
   * depend on, whole.
   */
  readonly dependencies: "slim" | "all";
  /** Paths, with `*`, to keep although `slim` would leave them out. */
  readonly keep: readonly string[];
  /** Paths, with `*`, to leave out of every package. @default none */
  readonly leaveOut?: readonly string[] | undefined;
  /** Users for /etc/passwd, each with a group of its own unless `gid` names another. */
  readonly users: readonly DebianUser[];
  /** Groups for /etc/group. */
  readonly groups: readonly DebianGroup[];
  /** Files, folders and links that replace those of the packages. */
  readonly files: readonly DebianFileSpec[];
  /** A program of the guest, which lies at `/usr/bin/NAME`; it comes with this package. @default none */
  readonly program?: "linuxkitd" | "linuxkit-cluster" | "linuxkit-secrets" | undefined;
  /** Role kernel: `cloud` has virtual hardware's drivers only. @default "cloud" */
  readonly flavour?: "cloud" | "generic" | undefined;
  /** Role kernel: modules to include, by name, with their dependencies. @default those that machines of every backend need */
  readonly modules?: readonly string[] | undefined;
  /** Role init: the program that runs containers. @default "crun" */
  readonly runtime?: "crun" | "runc" | undefined;
}

/**
 * An image made from Debian packages instead of pulled: plain JSON that describes its content. The
 * versions are in the lock.
 */
export interface DebianImage {
  /** What it holds. */
  readonly debian: DebianRecipe;
  /** Default container fields of a container made from this image, like those of an image's label. */
  readonly config: ContainerFields;
}

const fileFields = {
  path: treePath,
  contents: fileContents.optional(),
  source: text.min(1).optional(),
  directory: z.boolean().optional(),
  symlink: word.optional(),
  mode: mode.optional(),
  uid: count.optional(),
  gid: count.optional(),
};

const FILE_KINDS = ["contents", "source", "directory", "symlink"] as const;

function oneKind(file: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const given = [...FILE_KINDS, "sha256"].filter((kind) => (kind === "directory" ? file[kind] === true : file[kind] !== undefined));
  if (given.length < 2) return;
  const message = `at most one of ${FILE_KINDS.slice(0, -1).join(", ")} and ${FILE_KINDS.at(-1)}, not ${given.join(" and ")}`;
  context.addIssue({ code: "custom", message });
}

/** The schema of {@link DebianFile}. */
export const debianFileSchema = fields(fileFields).superRefine(oneKind);

/** The schema of {@link DebianImage}. */
export const debianImageSchema = fields({
  debian: fields({
    role: z.enum(["packages", "kernel", "init"]),
    packages: z.array(packageName),
    dependencies: z.enum(["slim", "all"]),
    keep: z.array(word),
    leaveOut: z.array(word).optional(),
    users: z.array(
      fields({
        name: accountName,
        uid: count,
        gid: count.optional(),
        group: accountName.optional(),
        home: treePath.optional(),
        shell: treePath.optional(),
      }),
    ),
    groups: z.array(fields({ name: accountName, gid: count, members: z.array(accountName).optional() })),
    files: z.array(fields({ ...fileFields, sha256: sha256.optional(), size: count.optional() }).superRefine(oneKind)),
    program: z.enum(["linuxkitd", "linuxkit-cluster", "linuxkit-secrets"]).optional(),
    flavour: z.enum(["cloud", "generic"]).optional(),
    modules: z.array(text).optional(),
    runtime: z.enum(["crun", "runc"]).optional(),
  }),
  config: labelSchema,
});

/** Where an image comes from: an OCI reference, `oci:DIR:TAG`, `docker-archive:FILE`, or Debian packages; as plain JSON. */
export type ImageSource = string | DebianImage;

/** The schema of {@link ImageSource}. */
export const imageSource = z.union([word, debianImageSchema], {
  error: 'an image reference as "nginx:1.27", or an image made by debian.packages()',
});
