/**
 * Plays managed disks: creation, direct upload, access grants, states.
 *
 * Source: Azure REST API, "Disks".
 * Source: Azure, "Upload a VHD to Azure or copy a managed disk to another region"; "Download a Linux VHD from Azure".
 * Judged by: test/azure/microsoft-clients.judge.test.ts; test/azure/disk-pages.test.ts (qemu-img's footer).
 * Assumed, at its strictest: a second grant while one is active returns the same signature with the same expiry, and an
 * upload that was ended cannot resume. Also assumed: the codes and words of refusals.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type ArmKind, type ArmResource, stateOf } from "./arm.ts";
import { keyOf } from "./arm-id.ts";
import { textAt, valueAt } from "./arm-shape.ts";
import type { Work } from "./operation.ts";
import { PageBlob } from "./page-blob.ts";
import { AzureRefusal } from "./refusal.ts";
import { SharedAccess } from "./shared-access.ts";
import { wrongFooter } from "./vhd-footer.ts";

const MIB = 1 << 20;
const FOOTER = 512;
const SMALLEST = 20 * MIB + FOOTER;
const LARGEST = 32 * 2 ** 40 + FOOTER;
/** 60 days, since February 2025. Source: Azure, "Download a Linux VHD from Azure". */
const LONGEST_ACCESS = 5_184_000;

/** Content and state of a managed disk. */
interface DiskContent {
  readonly blob: PageBlob | undefined;
  state: "ReadyToUpload" | "ActiveUpload" | "ActiveSAS" | "Unattached" | "Attached";
  /** The active grant. */
  access: SharedAccess | undefined;
}

/** The managed disks of one subscription. */
export class ManagedDisks {
  readonly kind: ArmKind;
  readonly #content = new Map<string, DiskContent>();
  readonly #folder = mkdtempSync(join(tmpdir(), "azure-disks-"));
  /** URL of the server that serves the blobs. */
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
    this.kind = {
      type: "Microsoft.Compute/disks",
      token: "azure-native:compute:Disk",
      names: ["diskName"],
      naming: /^[a-zA-Z0-9_-]{1,80}$/,
      immutable: ["properties.creationData", "properties.osType", "zones"],
      check: (disk, old) => checkDisk(disk.body, old !== undefined),
      apply: (disk, old) => void (old ?? this.#make(disk)),
      show: (disk) => this.#show(disk),
      below: (disk, method, rest, body) => this.#act(disk, method, rest, body),
      mayRemove: (disk) => {
        if (this.#of(disk).state === "Attached")
          throw new AzureRefusal(409, "OperationNotAllowed", `Disk ${disk.name} is attached to a virtual machine.`);
        if (this.#granted(disk))
          throw new AzureRefusal(
            409,
            "OperationNotAllowed",
            `There is an active shared access signature outstanding for disk ${disk.name}. Call EndGetAccess before deleting the disk.`,
          );
      },
      removed: (disk) => {
        this.#of(disk).blob?.close();
        this.#content.delete(keyOf(disk.id));
      },
    };
  }

  /** `ReadyToUpload`, `Unattached`… */
  stateOf(disk: ArmResource): string {
    const content = this.#of(disk);
    // the grant expired
    if (content.state === "ActiveSAS" && !this.#granted(disk)) content.state = "Unattached";
    return content.state;
  }

  /** The file with the uploaded bytes, a fixed VHD. */
  fileOf(disk: ArmResource): string {
    const { blob } = this.#of(disk);
    if (!blob) throw new Error(`${disk.name} was not uploaded`);
    return blob.path;
  }

  /**
   * Asserts that an image or a machine can be made from a disk.
   *
   * @throws OperationNotAllowed, InvalidVhd
   */
  usable(disk: ArmResource): void {
    const state = this.stateOf(disk);
    if (stateOf(disk) !== "Succeeded" || state !== "Unattached")
      throw new AzureRefusal(
        409,
        "OperationNotAllowed",
        `Disk ${disk.name} is in state ${state}, wanted Unattached: an upload is ended by EndGetAccess.`,
      );
    const { blob } = this.#of(disk);
    if (!blob) return;
    const wrong = wrongFooter(blob.read(blob.size - FOOTER, FOOTER), blob.size);
    if (wrong) throw new AzureRefusal(400, "InvalidVhd", `Disk ${disk.name} does not hold a fixed VHD: its footer has ${wrong}.`);
  }

  attach(disk: ArmResource, attached: boolean): void {
    this.#of(disk).state = attached ? "Attached" : "Unattached";
  }

  /**
   * The blob at a path, if the query's signature permits the access.
   *
   * @throws AuthenticationFailed, AuthorizationPermissionMismatch, BlobNotFound
   */
  open(path: string, query: URLSearchParams, write: boolean): PageBlob {
    const found = [...this.#content.values()].find(({ access }) => access?.path === path);
    if (!found?.access || !found.blob)
      throw new AzureRefusal(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
      );
    found.access.check(query, write);
    return found.blob;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { blob } of this.#content.values()) blob?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #make(disk: ArmResource): void {
    const size = Number(valueAt(disk.body, "properties.creationData.uploadSizeBytes"));
    const isUpload = textAt(disk.body, "properties.creationData.createOption") === "Upload";
    this.#content.set(keyOf(disk.id), {
      blob: isUpload ? new PageBlob(join(this.#folder, randomUUID()), size) : undefined,
      state: isUpload ? "ReadyToUpload" : "Unattached",
      access: undefined,
    });
  }

  #show(disk: ArmResource): Properties {
    const size = Number(valueAt(disk.body, "properties.creationData.uploadSizeBytes")) - FOOTER;
    return { diskState: this.stateOf(disk), ...(size > 0 && { diskSizeBytes: size, diskSizeGB: Math.ceil(size / 2 ** 30) }) };
  }

  #act(disk: ArmResource, method: string, rest: readonly string[], body: Properties): Work | undefined {
    if (method !== "POST" || rest.length !== 1) return undefined;
    if (rest[0] === "beginGetAccess") return this.#grant(disk, body);
    if (rest[0] === "endGetAccess") return this.#revoke(disk);
    return undefined;
  }

  #grant(disk: ArmResource, { access, durationInSeconds, ...others }: Properties): Work {
    const content = this.#of(disk);
    const state = this.stateOf(disk);
    const unknown = Object.keys(others).find((name) => !["fileFormat", "getSecureVMGuestStateSAS"].includes(name));
    if (unknown !== undefined)
      throw new AzureRefusal(400, "BadRequest", `Could not find member '${unknown}' on object of type 'GrantAccessData'.`);
    if (access !== "Read" && access !== "Write")
      throw new AzureRefusal(400, "InvalidParameter", `The value of parameter access is invalid: ${JSON.stringify(access)}.`);
    if (
      typeof durationInSeconds !== "number" ||
      !Number.isInteger(durationInSeconds) ||
      durationInSeconds < 1 ||
      durationInSeconds > LONGEST_ACCESS
    )
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The value of parameter durationInSeconds is invalid: ${JSON.stringify(durationInSeconds)}, wanted 1 to ${LONGEST_ACCESS}.`,
      );
    const wanted = access === "Write" ? ["ReadyToUpload", "ActiveUpload"] : ["Unattached", "ActiveSAS"];
    if (!wanted.includes(state))
      throw new AzureRefusal(
        409,
        "OperationNotAllowed",
        `${access} access cannot be granted to disk ${disk.name} in state ${state}, wanted ${wanted.join(" or ")}.`,
      );
    return {
      step: () => {
        if (!content.access || content.access.expired) content.access = new SharedAccess(access === "Write", durationInSeconds);
        content.state = access === "Write" ? "ActiveUpload" : "ActiveSAS";
        return true;
      },
      result: () => ({ accessSAS: `${this.#url()}${content.access?.path}?${content.access?.query}` }),
    };
  }

  #revoke(disk: ArmResource): Work {
    const content = this.#of(disk);
    return {
      step: () => {
        if (content.state === "ActiveUpload" || content.state === "ActiveSAS") content.state = "Unattached";
        content.access = undefined;
        return true;
      },
    };
  }

  #granted(disk: ArmResource): boolean {
    const { access } = this.#of(disk);
    return access !== undefined && !access.expired;
  }

  #of({ id }: ArmResource): DiskContent {
    const content = this.#content.get(keyOf(id));
    if (!content) throw new Error(`disk ${id} not found`);
    return content;
  }
}

/** Checks a disk before it is created or updated. */
function checkDisk(body: Properties, exists: boolean): void {
  const option = textAt(body, "properties.creationData.createOption");
  const size = valueAt(body, "properties.creationData.uploadSizeBytes");
  const generation = textAt(body, "properties.hyperVGeneration");
  if (option === "Upload") {
    if (typeof size !== "number")
      throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'creationData.uploadSizeBytes' is missing (null).");
    if (size < SMALLEST || size > LARGEST)
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The value ${size} of creationData.uploadSizeBytes is out of range, wanted ${SMALLEST} to ${LARGEST}.`,
      );
    if ((size - FOOTER) % MIB !== 0)
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The value ${size} of creationData.uploadSizeBytes is not whole MiB and a footer of ${FOOTER} bytes.`,
      );
    if (!exists && valueAt(body, "properties.diskSizeGB") !== undefined)
      throw new AzureRefusal(400, "InvalidParameter", "Parameter 'diskSizeGB' is not allowed where creationData.createOption is Upload.");
  } else {
    if (size !== undefined) throw new AzureRefusal(400, "InvalidParameter", "Parameter 'creationData.uploadSizeBytes' is not allowed.");
    if (option === "Empty" && typeof valueAt(body, "properties.diskSizeGB") !== "number")
      throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'diskSizeGB' is missing (null).");
  }
  if (textAt(body, "properties.supportedCapabilities.architecture") === "Arm64" && generation !== "V2")
    throw new AzureRefusal(400, "InvalidParameter", "A disk for Arm64 has hyperVGeneration V2.");
  if (textAt(body, "properties.securityProfile.securityType") === "TrustedLaunch") {
    if (generation !== "V2") throw new AzureRefusal(400, "InvalidParameter", "Trusted launch needs hyperVGeneration V2.");
    if (textAt(body, "properties.osType") === undefined)
      throw new AzureRefusal(400, "InvalidParameter", "securityProfile is allowed on disks of an operating system only.");
  }
}
