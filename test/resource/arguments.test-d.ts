import type { Unwrap } from "@pulumi/pulumi/output.js";
import type { QemuVmArgs } from "../../providers/qemu/vm.ts";
import type { QemuGateArgs } from "../../providers/qemu/rollout-gate.ts";
import type { DiskArgs } from "../../providers/qemu/disk.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import type { diskInputs } from "../../providers/qemu/plugin/disk.ts";
import type { fleetInputs } from "../../providers/qemu/plugin/fleet-inputs.ts";
import type { vmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import type { ImageBuildGiven } from "../../sdk/resource/plugin/image-build-inputs.ts";
import type { z } from "zod";

/*
 * The arguments of each resource class are held to its schema: this file does not compile when a name is missing on one
 * side, or when an argument takes a value that the schema does not.
 */

type SameNames<Args, Given> = [Exclude<keyof Args, keyof Given> | Exclude<keyof Given, keyof Args>] extends [never]
  ? true
  : { readonly argumentsOnly: Exclude<keyof Args, keyof Given>; readonly inputsOnly: Exclude<keyof Given, keyof Args> };

const same = <T extends true>(): T => true as T;

// `image` is a class whose definition and local images are read in the constructor; `format` is short for `formats`
same<SameNames<Omit<ImageBuildArgs, "format">, Omit<ImageBuildGiven, "localImages">>>();
same<SameNames<QemuVmArgs, z.input<typeof vmInputs>>>();
same<SameNames<DiskArgs, z.input<typeof diskInputs>>>();
same<SameNames<QemuGateArgs, Omit<z.input<typeof fleetInputs>, "kind">>>();

/** What the schema takes, with lists that may be frozen and members that may be undefined. */
type Taken<T> = T extends readonly (infer Item)[]
  ? readonly Taken<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: Taken<T[K]> | undefined }
    : T;

// an argument, once every Output in it is known, is what the schema takes
export const imageBuild = (args: Unwrap<Omit<ImageBuildArgs, "image" | "format">>): Taken<Omit<ImageBuildGiven, "image" | "localImages">> =>
  args;
export const qemuVm = (args: Unwrap<QemuVmArgs>): Taken<z.input<typeof vmInputs>> => args;
export const fleet = (args: Unwrap<QemuGateArgs>): Taken<Omit<z.input<typeof fleetInputs>, "kind">> => args;
export const disk = (args: Unwrap<DiskArgs>): Taken<z.input<typeof diskInputs>> => args;
