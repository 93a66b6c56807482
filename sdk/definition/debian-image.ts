import { z } from "zod";
import { labelSchema } from "./container-fields.ts";
import { count, fields, mode, text, treePath, word } from "./fields.ts";

/** A Debian package's name (Debian policy 5.6.1). */
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "a Debian package name: lower-case letters, digits, +, - and .");

/**
 * A user or group name as Debian's `useradd` takes it, without the signs that need a quote somewhere. Debian's own packages
 * have `Debian-exim` and `Debian-snmp` (policy 9.2.1 asks for such names).
 */
const accountName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, "at most 32 letters, digits, _ or -, not beginning with a digit");

/**
 * An image made from Debian packages instead of pulled: plain JSON that describes its content. The
 * versions are in the lock.
 */
export const debianImageSchema = fields({
  debian: fields({
    /** `kernel` and `init` get the parts that only they need; any other image is `packages`. */
    role: z.enum(["packages", "kernel", "init"]),
    /** Packages by name; empty for a kernel, whose package is found through its metapackage. */
    packages: z.array(packageName),
    /** `slim`: the packages and the libraries their programs load. `all`: every package they depend on, whole. */
    dependencies: z.enum(["slim", "all"]),
    /** Paths, with `*`, to keep although `slim` would leave them out. */
    keep: z.array(word),
    /** Users for /etc/passwd, each with a group of its own unless `gid` names another. */
    users: z.array(
      fields({
        name: accountName,
        uid: count,
        gid: count.optional(),
        /** Name of the group that is created with the user. */
        group: accountName.optional(),
        home: treePath.optional(),
        shell: treePath.optional(),
      }),
    ),
    /** Groups for /etc/group. */
    groups: z.array(fields({ name: accountName, gid: count, members: z.array(accountName).optional() })),
    /** Files, directories and links that replace those of the packages. */
    files: z.array(
      fields({
        path: treePath,
        contents: z.string().optional(),
        directory: z.boolean().optional(),
        symlink: word.optional(),
        mode: mode.optional(),
        uid: count.optional(),
        gid: count.optional(),
      }),
    ),
    /** A program of the guest, which lies at `/usr/bin/NAME`; it comes with this package. */
    program: z.enum(["linuxkitd", "linuxkit-secrets"]).optional(),
    /** Role kernel: `cloud` has virtual hardware's drivers only. */
    flavour: z.enum(["cloud", "generic"]).optional(),
    /** Role kernel: modules to include, by name, with their dependencies. */
    modules: z.array(text).optional(),
    /** Role init: the program that runs containers. */
    runtime: z.enum(["crun", "runc"]).optional(),
  }),
  /** Default container fields of a container made from this image, like those of an image's label. */
  config: labelSchema,
});

/** An image made from Debian packages, as plain JSON. */
export type DebianImage = z.output<typeof debianImageSchema>;
