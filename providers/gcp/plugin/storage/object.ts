import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { StorageClient } from "./bucket-client.ts";

/** An object as the JSON API describes it. Source: Cloud Storage, "Objects". */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  /** Changes with each write, even of the same bytes: deleting by generation never deletes a later object. */
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

/** Undefined if the object does not exist. */
export async function describeObject(client: StorageClient, bucket: string, name: string): Promise<StoredObject | undefined> {
  return client.json<StoredObject>({ what: `object gs://${bucket}/${name}`, url: client.path("b", bucket, "o", name), takes: [404] });
}

/** Deletes this generation of an object. Succeeds if it does not exist or was overwritten since. */
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

/** Gives an existing object a new generation: Cloud Storage copies it onto itself, and nothing is sent. */
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
      throw new LinuxKitError("NETWORK", `${what}: Cloud Storage neither finished the copy nor sent a token to continue it`, {
        url: url.href,
      });
    url.searchParams.set("rewriteToken", step.rewriteToken);
  }
}
