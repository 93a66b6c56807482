import { z } from "zod";
import { isPlain } from "../../core/deferred.ts";
import { type ContainerFields, containerFields } from "../../definition/container-fields.ts";
import {
  type DebianFile,
  type DebianGroup,
  type DebianImage,
  type DebianUser,
  debianFileSchema,
  debianImageSchema,
} from "../../definition/debian-image.ts";
import { type EnvironmentArgs, environment, environmentList } from "../../definition/environment.ts";
import { failuresOf } from "../../definition/failures-of.ts";
import { fields } from "../../definition/fields.ts";
import type { Inputs, Known } from "../../definition/inputs.ts";
import { deferredIn } from "../../definition/normalise.ts";
import { checked, debianImage, refuse } from "./arguments.ts";

const recipe = debianImageSchema.shape.debian.shape;

/** The schema of {@link PackagesArgs}. */
export const packagesSchema = fields({
  packages: recipe.packages.min(1, "at least one package"),
  dependencies: recipe.dependencies.optional(),
  keep: recipe.keep.optional(),
  leaveOut: recipe.leaveOut,
  users: recipe.users.optional(),
  groups: recipe.groups.optional(),
  files: z.array(debianFileSchema).optional(),
  ...containerFields,
  env: environment.optional(),
});

/** Arguments of `debian.packages`: the contents of the image, and container fields as defaults for its containers. */
export interface PackagesArgs extends Omit<ContainerFields, "env"> {
  /** Environment variables by name, or a list of `NAME=value`. @default none @example { LEVEL: "info" } */
  readonly env?: Known<EnvironmentArgs>;
  /** Packages by name. @example ["nodejs"] */
  readonly packages: readonly string[];
  /**
   * `slim`: the packages, the libraries that their programs load, and what their links lead to. `all`: every package that they
   * depend on, whole.
   * @default "slim"
   */
  readonly dependencies?: "slim" | "all" | undefined;
  /** Paths, with `*` and `**`, to keep although `slim` would leave them out. @default none @example ["/usr/share/zoneinfo/Europe/Prague"] */
  readonly keep?: readonly string[] | undefined;
  /** Paths, with `*` and `**`, to leave out of every package. @default none @example ["/usr/share/perl5/**"] */
  readonly leaveOut?: readonly string[] | undefined;
  /**
   * Users for /etc/passwd, each with a group of its own unless `gid` names another.
   * @default those of the packages
   * @example [{ name: "app", uid: 1000 }]
   */
  readonly users?: readonly DebianUser[] | undefined;
  /** Groups for /etc/group. @default those of the packages @example [{ name: "render", gid: 106, members: ["app"] }] */
  readonly groups?: readonly DebianGroup[] | undefined;
  /**
   * Files, folders and links that replace those of the packages: written here, or taken from the machine that builds by
   * `source`. A content may be an Output of another resource.
   * @default none
   * @example [{ path: "/etc/app.conf", contents: "port = 8080\n" }, { path: "/app", source: "app" }]
   */
  readonly files?: Inputs<readonly DebianFile[]> | undefined;
}

/**
 * An image made from Debian packages: `debian.packages({ packages: ["nginx-light"], command: ["nginx"] })`.
 *
 * By default it is slim: the named packages, and the libraries that their programs load. It also has dependencies that
 * are built from the same source package (nginx's configuration is in nginx-common), what links lead to in a dependency
 * (`/usr/bin/go` of golang-go), and modules of a language whose interpreter is among the packages (those that gunicorn needs,
 * with python3). A package without files is replaced by its dependencies. There is no shell unless one is named (`dash`).
 * `dependencies: "all"` takes every dependency with all of its files.
 *
 * Maintainer scripts do not run. The names of `update-alternatives` are made from what the packages declare. A build refuses
 * a command that cannot run in the image, and says which package to add: see docs/packages.md.
 *
 * @throws INVALID_DEFINITION
 */
export function packages(args: PackagesArgs): DebianImage {
  // an Output in a file is checked once it is known
  const later = isPlain(args) && deferredIn(args.files) ? (args.files as readonly DebianFile[]) : undefined;
  const {
    packages: names,
    dependencies = "slim",
    keep = [],
    leaveOut = [],
    users = [],
    groups = [],
    files = [],
    env,
    ...config
  } = checked("debian.packages", packagesSchema, later ? { ...args, files: undefined } : args);
  if (later) refuse("debian.packages", failuresOf(packagesSchema.pick({ files: true }), { files: later }));
  const left = leaveOut.length > 0 && { leaveOut };
  return debianImage(
    { packages: names, dependencies, keep, ...left, users, groups, files: later ?? files },
    { ...config, ...(env !== undefined && { env: environmentList(env) as string[] }) },
  );
}
