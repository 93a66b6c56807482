import type { z } from "zod";
import type { chronySchema } from "../../sdk/debian/base/chrony.ts";
import type { dhcpSchema } from "../../sdk/debian/base/dhcp.ts";
import type { diskSchema, extendSchema, formatSchema } from "../../sdk/debian/base/disk.ts";
import type { gettySchema } from "../../sdk/debian/base/getty.ts";
import type { initSchema } from "../../sdk/debian/base/init.ts";
import type { kernelSchema as debianKernelSchema } from "../../sdk/debian/base/kernel.ts";
import type { metadataSchema } from "../../sdk/debian/base/metadata.ts";
import type { mountSchema } from "../../sdk/debian/base/mount.ts";
import type { packagesSchema } from "../../sdk/debian/base/packages.ts";
import type { secretsSchema } from "../../sdk/debian/base/secrets.ts";
import type { sshdSchema } from "../../sdk/debian/base/sshd.ts";
import type { sysctlSchema } from "../../sdk/debian/base/sysctl.ts";
import type { labelSchema } from "../../sdk/definition/container-fields.ts";
import type { onbootSchema, onshutdownSchema, serviceSchema } from "../../sdk/definition/container.ts";
import type { debianImageSchema } from "../../sdk/definition/debian-image.ts";
import type { fileSchema } from "../../sdk/definition/file.ts";
import type { hardeningSchema } from "../../sdk/definition/hardening.ts";
import type { kernelSchema } from "../../sdk/definition/kernel.ts";
import type { volumeSchema } from "../../sdk/definition/volume.ts";
import type * as lib from "../../sdk/index.ts";

/*
 * Each documented argument type is held to the schema that checks it, member by member and at every depth: this file
 * does not compile when one of the two has a name, a type or an optional member that the other lacks.
 */

type Leaf = string | number | boolean | null | undefined;

/** The names of every alternative of a union: an argument type is one where a schema counts its members instead. */
type Names<T> = T extends unknown ? keyof T : never;
type Member<T, Name> = T extends unknown ? (Name extends keyof T ? T[Name] : never) : never;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

type Item<T> = T extends readonly (infer One)[] ? One : never;

/** Paths at which two types differ, as text; never if they do not. */
type Differences<A, B, Path extends string = ""> =
  | (Same<Extract<A, Leaf>, Extract<B, Leaf>> extends true ? never : `${Path}: other values`)
  | ([Item<A>, Item<B>] extends [never, never] ? never : Differences<Item<A>, Item<B>, `${Path}[]`>)
  | Members<Exclude<A, Leaf | readonly unknown[]>, Exclude<B, Leaf | readonly unknown[]>, Path>;

type Members<A, B, Path extends string> = [A, B] extends [never, never]
  ? never
  : [Exclude<Names<A>, Names<B>> | Exclude<Names<B>, Names<A>>] extends [never]
    ? { [Name in Names<A> & string]: Differences<Member<A, Name>, Member<B, Name>, `${Path}.${Name}`> }[Names<A> & string]
    : `${Path}: other names: ${(Exclude<Names<A>, Names<B>> | Exclude<Names<B>, Names<A>>) & string}`;

/** What a program writes once every Output in it is known, beside what the schema takes. */
const same = <Args, Schema extends z.ZodType>(
  ..._: [Differences<lib.Known<Args>, z.input<Schema>>] extends [never] ? [] : [Differences<lib.Known<Args>, z.input<Schema>>]
): void => {};

same<lib.ServiceArgs, typeof serviceSchema>();
same<lib.OnbootTaskArgs, typeof onbootSchema>();
same<lib.OnshutdownTaskArgs, typeof onshutdownSchema>();
same<lib.ContainerFieldsArgs, typeof labelSchema>();
same<lib.KernelArgs, typeof kernelSchema>();
same<lib.VolumeArgs, typeof volumeSchema>();
same<lib.FileArgs, typeof fileSchema>();
same<lib.HardenArgs, typeof hardeningSchema>();
same<lib.DebianImage, typeof debianImageSchema>();
same<lib.PackagesArgs, typeof packagesSchema>();
same<lib.ChronyArgs, typeof chronySchema>();
same<lib.DhcpArgs, typeof dhcpSchema>();
same<lib.FormatArgs, typeof formatSchema>();
same<lib.ExtendArgs, typeof extendSchema>();
same<lib.DiskArgs, typeof diskSchema>();
same<lib.GettyArgs, typeof gettySchema>();
same<lib.InitArgs, typeof initSchema>();
same<lib.DebianKernelArgs, typeof debianKernelSchema>();
same<lib.MetadataArgs, typeof metadataSchema>();
same<lib.MountArgs, typeof mountSchema>();
same<lib.SecretsArgs, typeof secretsSchema>();
same<lib.SshdArgs, typeof sshdSchema>();
same<lib.SysctlArgs, typeof sysctlSchema>();

// the comparison sees what differs, at any depth
type Restart = Omit<lib.ServiceArgs, "restart"> & { readonly restart?: "always" | undefined };
// @ts-expect-error a value that only the schema takes
same<Restart, typeof serviceSchema>();
// @ts-expect-error a member that only the schema has
same<Omit<lib.ServiceArgs, "log">, typeof serviceSchema>();
// @ts-expect-error a member that only the arguments have
same<lib.ServiceArgs & { readonly privileged?: boolean | undefined }, typeof serviceSchema>();
// @ts-expect-error a member that only the schema makes optional
same<Omit<lib.DhcpArgs, "timeout"> & { readonly timeout: number }, typeof dhcpSchema>();
// @ts-expect-error one level down
same<Omit<lib.VolumeArgs, "persistent"> & { readonly persistent?: Omit<lib.PersistentArgs, "after"> | undefined }, typeof volumeSchema>();
// @ts-expect-error in a list
same<
  Omit<lib.DebianImage, "debian"> & { readonly debian: lib.DebianRecipe & { readonly users: { name: string }[] } },
  typeof debianImageSchema
>();
