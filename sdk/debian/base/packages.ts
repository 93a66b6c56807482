import type { z } from "zod";
import { containerFields } from "../../definition/container-fields.ts";
import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { fields } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const recipe = debianImageSchema.shape.debian.shape;

const schema = fields({
  packages: recipe.packages.min(1, "at least one package"),
  dependencies: recipe.dependencies.optional(),
  keep: recipe.keep.optional(),
  users: recipe.users.optional(),
  groups: recipe.groups.optional(),
  files: recipe.files.optional(),
  ...containerFields,
});

/** Arguments of `debian.packages`: the contents of the image, and container fields as defaults for its containers. */
export type PackagesArgs = z.input<typeof schema>;

/**
 * An image made from Debian packages.
 *
 * By default it is slim: the named packages, and the libraries that their programs load. It also has dependencies that
 * are built from the same source package (nginx's configuration is in nginx-common). A package without files is replaced
 * by its dependencies. `dependencies: "all"` takes every dependency with all of its files. Maintainer scripts do not run.
 *
 * @throws INVALID_DEFINITION
 */
export function packages(args: PackagesArgs): DebianImage {
  const {
    packages: names,
    dependencies = "slim",
    keep = [],
    users = [],
    groups = [],
    files = [],
    ...config
  } = checked("debian.packages", schema, args);
  return debianImage({ packages: names, dependencies, keep, users, groups, files }, config);
}
