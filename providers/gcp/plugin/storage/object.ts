import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { StorageClient } from "./bucket-client.ts";

/** An object as the JSON API describes it. Source: Cloud Storage, "Objects". */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  /** Another one with each write, also of the same bytes: who removes an object by it never removes a later one. */
  readonly generation: string;
  /** Bytes, in decimal digits. */
  readonly size: string;
  /** Big-endian, in base64. */
  readonly crc32c: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The number of the project that a bucket belongs to. @throws NOT_FOUND, ACCESS_DENIED */
export async function projectOfBucket(client: StorageClient, bucket: string): Promise<string> {
  const found = await client.json<{ readonly projectNumber?: string }>({
    what: `bucket ${bucket}`,
    url: `${client.path("b", bucket)}?fields=projectNumber`,
  });
  return String(found?.projectNumber ?? "");
}

/** Undefined when there is none. */
export async function describeObject(client: StorageClient, bucket: string, name: string): Promise<StoredObject | undefined> {
  return client.json<StoredObject>({ what: `object gs://${bucket}/${name}`, url: client.path("b", bucket, "o", name), takes: [404] });
}

/** Removes this generation of an object; one that is gone, or was overwritten since, is a success. */
export async function removeObject(
  client: StorageClient,
  { bucket, name, generation }: Pick<StoredObject, "bucket" | "name" | "generation">,
): Promise<void> {
  const response = await client.send({
    what: `object gs://${bucket}/${name}`,
    method: "DELETE",
    url: `${client.path("b", bucket, "o", name)}?ifGenerationMatch=${generation}`,
    takes: [404, 412],
  });
  await response.drop();
}

/** A generation of its own for an object that is there, copied by Cloud Storage onto itself: no byte is sent. */
export async function renewObject(client: StorageClient, { bucket, name, generation }: StoredObject): Promise<StoredObject> {
  const what = `object gs://${bucket}/${name}`;
  const url = new URL(`${client.path("b", bucket, "o", name)}/rewriteTo/${["b", bucket, "o", name].map(encodeURIComponent).join("/")}`);
  url.searchParams.set("ifSourceGenerationMatch", generation);
  for (;;) {
    const step = await client.json<{ readonly done: boolean; readonly rewriteToken?: string; readonly resource?: StoredObject }>({
      what,
      method: "POST",
      url,
    });
    if (step?.done && step.resource) return step.resource;
    if (!step?.rewriteToken)
      throw new LinuxKitError("NETWORK", `${what}: Cloud Storage neither copied it nor said how to go on`, { url: url.href });
    url.searchParams.set("rewriteToken", step.rewriteToken);
  }
}
