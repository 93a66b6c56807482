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
