import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { ManagerRequest, ResourceManager } from "../access/resource-manager.ts";
import type { PageService } from "./page-service.ts";
import { putPage } from "./put-page.ts";

/** API version of `Microsoft.Compute/disks`. */
const API_VERSION = "2024-03-02";

/** Seconds that write access lasts: an upload may take a day. */
const ACCESS_SECONDS = 86_400;

/** The tag of a disk whose upload is unfinished. */
const UPLOAD_TAG = "linuxkit:upload";

/** Place and kind of the disks. */
export interface DiskPlace {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  readonly location: string;
  readonly arch: "amd64" | "arm64";
  /** `Standard_LRS`… */
  readonly sku: string;
}

interface Disk {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: { readonly diskState?: string };
}

/** Source: Azure Compute REST API, "Disks - Create Or Update" (an empty managed disk for an upload), "Grant Access", "Revoke Access". */
export function diskService(manager: ResourceManager, { subscriptionId, resourceGroupName, location, arch, sku }: DiskPlace): PageService {
  const disks = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/Microsoft.Compute/disks`;
  const ask = <T>(
    method: ManagerRequest["method"],
    name: string,
    verb: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T | undefined> =>
    manager.ask<T>({ method, path: `${disks}/${name}${verb}`, apiVersion: API_VERSION, what: `disk ${name}${verb}`, body }, signal);
  const patch = async (name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> => {
    await ask("PATCH", name, "", signal, { tags });
  };
  return {
    suffix: "",
    idOf: (name) => `${disks}/${name}`,
    async begin({ name, size, mark, tags }, signal) {
      await ask("PUT", name, "", signal, {
        location,
        tags: { ...tags, [UPLOAD_TAG]: mark },
        sku: { name: sku },
        properties: {
          osType: "Linux",
          hyperVGeneration: "V2",
          supportedCapabilities: { architecture: arch === "arm64" ? "Arm64" : "x64" },
          creationData: { createOption: "Upload", uploadSizeBytes: size },
        },
      });
    },
    async open(name, signal) {
      const access = await ask<{ accessSAS?: string; accessSas?: string }>("POST", name, "/beginGetAccess", signal, {
        access: "Write",
        durationInSeconds: ACCESS_SECONDS,
      });
      const url = access?.accessSAS ?? access?.accessSas;
      if (url === undefined) throw new LinuxKitError("NOT_FOUND", `azure: disk ${name} not found, or not writable`, { what: name });
      return { put: (pages, signal) => putPage(url, `disk ${name}`, {}, pages, signal) };
    },
    async find(name, signal) {
      const disk = await ask<Disk>("GET", name, "", signal);
      return disk && { name, mark: disk.tags?.[UPLOAD_TAG] };
    },
    async finish(name, tags, signal) {
      await ask("POST", name, "/endGetAccess", signal);
      await patch(name, tags, signal);
    },
    tag: patch,
    async remove(name, signal) {
      const disk = await ask<Disk>("GET", name, "", signal);
      if (!disk) return;
      // a disk with granted access cannot be deleted
      if (/^Active/.test(disk.properties?.diskState ?? "")) await ask("POST", name, "/endGetAccess", signal);
      await ask("DELETE", name, "", signal);
    },
  };
}
