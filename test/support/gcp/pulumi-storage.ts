/**
 * Plays `storage.Bucket` and `storage.BucketObject` of `pulumi-resource-gcp`, on a server with Cloud Storage's JSON API.
 *
 * Source: Cloud Storage JSON API: buckets.insert, buckets.get, buckets.delete, objects.list, objects.insert, objects.delete.
 * Source: hashicorp/terraform-provider-google, google/services/storage/resource_storage_bucket.go, resourceStorageBucketDelete: a
 * bucket with objects is deleted only with `forceDestroy`.
 */
import type { Properties } from "../../../sdk/plugin/value.ts";
import type { StandInType } from "../stand-in.ts";
import type { ReadObject } from "./images.ts";
import type { PulumiWorld } from "./pulumi-world.ts";

/** Reads the archives of images from a server with Cloud Storage's JSON API. */
export function objectsOf(storage: string): ReadObject {
  return async (bucket, object) => {
    const response = await fetch(`${storage}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}?alt=media`);
    if (response.ok && response.body) return response.body;
    await response.body?.cancel();
    return undefined;
  };
}

/** The two types. @param storage origin of the server */
export function storageTypes(gcp: PulumiWorld, storage: string): StandInType[] {
  const ask = async (method: string, path: string, body?: string, type = "application/json"): Promise<Response> => {
    const response = await fetch(`${storage}${path}`, { method, ...(body !== undefined && { body, headers: { "content-type": type } }) });
    if (!response.ok && response.status !== 404) throw new Error(`googleapi: Error ${response.status}: ${await response.text()}`);
    return response;
  };
  const bucket = (name: string) => `/storage/v1/b/${name}`;
  const objectPath = (id: string) => `${bucket(id.split("/")[0] as string)}/o/${encodeURIComponent(id.slice(id.indexOf("/") + 1))}`;
  const forced = new Map<string, boolean>();
  return [
    {
      token: "gcp:storage/bucket:Bucket",
      replaces: ["name", "project", "location"],
      computed: ["selfLink", "url", "projectNumber", "timeCreated", "updated"],
      recomputed: ["updated"],
      async create(given, inputs) {
        const name = gcp.nameOf(given, inputs);
        if (!/^[a-z0-9][-._a-z0-9]{1,61}[a-z0-9]$/.test(name))
          throw new Error(`googleapi: Error 400: Invalid bucket name: '${name}', invalid`);
        const response = await ask(
          "POST",
          `/storage/v1/b?project=${gcp.project(inputs).split("/")[1]}`,
          JSON.stringify({ name, location: inputs.location }),
        );
        if (!response.ok) throw new Error(`googleapi: Error ${response.status}: ${await response.text()}`);
        forced.set(name, inputs.forceDestroy === true);
        return {
          id: name,
          outputs: {
            ...inputs,
            name,
            url: `gs://${name}`,
            selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
            projectNumber: Number(gcp.server.projectNumber),
          },
        };
      },
      update(id, inputs, old) {
        forced.set(id, inputs.forceDestroy === true);
        return { ...old, ...inputs };
      },
      exists: async (id) => (await ask("GET", bucket(id))).ok,
      async remove(id) {
        const { items = [] } = (await (await ask("GET", `${bucket(id)}/o`)).json()) as { items?: { name: string }[] };
        if (items.length > 0 && !forced.get(id))
          throw new Error(`Error trying to delete bucket ${id} containing objects without \`force_destroy\` set to true`);
        for (const { name } of items) await ask("DELETE", objectPath(`${id}/${name}`));
        await ask("DELETE", bucket(id));
      },
    },
    {
      token: "gcp:storage/bucketObject:BucketObject",
      replaces: "all",
      inPlace: ["metadata", "contentType"],
      computed: ["crc32c", "md5hash", "generation", "selfLink", "mediaLink", "outputName"],
      async create(given, inputs: Properties) {
        if (typeof inputs.content !== "string") throw new Error("the stand-in supports `content` only");
        const name = gcp.nameOf(given, inputs);
        const response = await ask(
          "POST",
          `/upload${bucket(String(inputs.bucket))}/o?uploadType=media&name=${encodeURIComponent(name)}`,
          inputs.content,
          String(inputs.contentType ?? "text/plain"),
        );
        const { crc32c = "", md5Hash = "", generation = "" } = (await response.json()) as Readonly<Record<string, string>>;
        if (!response.ok) throw new Error("googleapi: Error 404: The specified bucket does not exist., notFound");
        return {
          id: `${String(inputs.bucket)}/${name}`,
          outputs: {
            ...inputs,
            name,
            outputName: name,
            crc32c,
            md5hash: md5Hash,
            generation: Number(generation),
            selfLink: "",
            mediaLink: "",
          },
        };
      },
      exists: async (id) => (await ask("GET", objectPath(id))).ok,
      remove: async (id) => void (await ask("DELETE", objectPath(id))),
    },
  ];
}
