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

/** Arguments of `debian.packages`: what is in the image, and any container field as the image's default. */
export type PackagesArgs = z.input<typeof schema>;

/**
 * An image made from Debian packages.
 *
 * By default it is slim: the named packages and the libraries that their programs load. A dependency made from the same
 * source package as the one that names it comes along (nginx's configuration lies in nginx-common), and a package
 * without files of its own stands for those it depends on. `dependencies: "all"` takes every dependency, whole.
 * No maintainer script runs.
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
