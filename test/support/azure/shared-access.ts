/**
 * Plays the shared access signature of a managed disk's blob.
 *
 * Source: Azure Blob Storage REST API, "Create a service SAS" (sv, sr, si, sig).
 * Assumed: the names of accounts and containers, the version 2018-03-28, and that the expiry is held by the service.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { AzureRefusal } from "./refusal.ts";

/** The version of the storage service that signs for managed disks. */
const SIGNED_VERSION = "2018-03-28";

/** A shared access signature for the blob of a disk. The service holds its expiry, so the URL does not show it. */
export class SharedAccess {
  /** `/md-impexp-…/CONTAINER/abcd` */
  readonly path: string;
  readonly #identifier = randomUUID();
  readonly #key = randomBytes(32);
  readonly #write: boolean;
  readonly #until: number;

  constructor(write: boolean, seconds: number) {
    this.path = `/${write ? "md-impexp" : "md"}-${randomBytes(6).toString("hex")}/${randomBytes(6).toString("hex")}/abcd`;
    this.#write = write;
    this.#until = Date.now() + seconds * 1000;
  }

  get expired(): boolean {
    return Date.now() >= this.#until;
  }

  get query(): string {
    return new URLSearchParams({ sv: SIGNED_VERSION, sr: "b", si: this.#identifier, sig: this.#signature }).toString();
  }

  /** @throws AuthenticationFailed, AuthorizationPermissionMismatch */
  check(query: URLSearchParams, write: boolean): void {
    const right =
      query.get("sv") === SIGNED_VERSION &&
      query.get("sr") === "b" &&
      query.get("si") === this.#identifier &&
      query.get("sig") === this.#signature;
    if (!right || this.expired)
      throw new AzureRefusal(
        403,
        "AuthenticationFailed",
        `Server failed to authenticate the request. ${right ? "Signature not valid in the specified time frame" : "Signature did not match"}.`,
      );
    if (write && !this.#write)
      throw new AzureRefusal(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
      );
  }

  get #signature(): string {
    return createHmac("sha256", this.#key).update(`${this.path}\n${this.#identifier}\n${SIGNED_VERSION}`).digest("base64");
  }
}
