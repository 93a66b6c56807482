/**
 * Plays images. An image from a raw disk reads its archive and is ready after that.
 *
 * Source: Compute Engine API, images.insert, images.patch (family and description only); Compute Engine, "Create custom images".
 * Assumed: only raw disks as sources; the words of refusals.
 */
import { X509Certificate } from "node:crypto";
import { type Compute, type Kind, SET_LABELS } from "./compute.ts";
import { readImageArchive } from "./image-archive.ts";
import { OperationFailure } from "./operations.ts";
import { GoogleRefusal, invalid } from "./refusal.ts";
import { checkName } from "./rules.ts";
import type { Json } from "./schemas.ts";

/** Bytes of an object; undefined if not found. */
export type ReadObject = (bucket: string, object: string) => Promise<AsyncIterable<Uint8Array> | undefined>;

/** The collection of images. */
export function imageKind(readObject: ReadObject): Kind {
  return {
    collection: "images",
    kind: "image",
    scopes: ["global"],
    schema: "Image",
    insert(world, body, { path }) {
      checkImage(body);
      const [, bucket, object] = sourceOf(body.rawDisk);
      const read = async () => {
        const bytes = await readObject(bucket, object);
        if (!bytes)
          throw new OperationFailure("RESOURCE_NOT_FOUND", 404, `The Google Cloud Storage object 'gs://${bucket}/${object}' was not found`);
        const { archiveBytes, sizeGb } = await readImageArchive(bytes);
        if (body.diskSizeGb !== undefined && Number(body.diskSizeGb) < sizeGb)
          throw new OperationFailure(
            "INVALID_FIELD",
            400,
            `Requested disk size ${body.diskSizeGb} GB is smaller than the image's ${sizeGb} GB`,
          );
        Object.assign(world.get(path), {
          status: "READY",
          archiveSizeBytes: String(archiveBytes),
          diskSizeGb: String(body.diskSizeGb ?? sizeGb),
        });
      };
      return {
        made: {
          status: "PENDING",
          sourceType: "RAW",
          architecture: body.architecture ?? "X86_64",
          rawDisk: { ...body.rawDisk, containerType: "TAR" },
          storageLocations: body.storageLocations ?? ["eu"],
        },
        work: read(),
      };
    },
    verbs: {
      setLabels: SET_LABELS,
      patch: {
        schema: "Image",
        run(_, resource, body) {
          const fixed = Object.keys(body).filter((key) => !["description", "family"].includes(key));
          if (fixed.length > 0) throw invalid(`resource.${fixed[0]}`, body[fixed[0] as string], "The field cannot be changed.");
          Object.assign(resource, body);
        },
      },
    },
  };
}

function sourceOf(rawDisk: Json): readonly [string, string, string] {
  const found = /^https:\/\/(?:storage\.googleapis\.com|storage\.cloud\.google\.com)\/([a-z0-9][-._a-z0-9]+)\/(.+\.tar\.gz)$/.exec(
    rawDisk?.source ?? "",
  );
  if (!found) throw invalid("resource.rawDisk.source", rawDisk?.source, "The provided source is not a supported file.");
  return found as unknown as readonly [string, string, string];
}

function checkImage(body: Json): void {
  const sources = ["rawDisk", "sourceDisk", "sourceImage", "sourceSnapshot"].filter((name) => body[name] !== undefined);
  if (sources.length !== 1)
    throw invalid("resource", "", `Exactly one source of the image must be specified, got ${sources.join(", ") || "none"}.`);
  if (sources[0] !== "rawDisk") throw new GoogleRefusal(400, "badRequest", "the stand-in supports images of raw disks only");
  if (body.family !== undefined) checkName(body.family, "resource.family");
  if ((body.storageLocations ?? []).length > 1) throw invalid("resource.storageLocations", body.storageLocations, "At most one location.");
  const features = (body.guestOsFeatures ?? []).map(({ type }: { type: string }) => type);
  if (new Set(features).size !== features.length) throw invalid("resource.guestOsFeatures", features.join(), "Duplicate guest OS feature.");
  const keys = body.shieldedInstanceInitialState;
  if (keys === undefined) return;
  if (!features.includes("UEFI_COMPATIBLE"))
    throw invalid("resource.shieldedInstanceInitialState", "", "Shielded VM Config can only be set when using a UEFI-compatible disk.");
  for (const { content, fileType } of [keys.pk, ...(keys.keks ?? []), ...(keys.dbs ?? []), ...(keys.dbxs ?? [])].filter(Boolean)) {
    const bytes = Buffer.from(content ?? "", "base64");
    if (
      bytes.length === 0 ||
      bytes.toString("base64").replace(/=+$/, "") !== content.replace(/=+$/, "").replace(/-/g, "+").replace(/_/g, "/")
    )
      throw invalid("resource.shieldedInstanceInitialState", content, "Not Base64.");
    if (fileType === "X509") readCertificate(bytes);
  }
}

function readCertificate(bytes: Buffer): void {
  try {
    new X509Certificate(bytes);
  } catch {
    throw invalid("resource.shieldedInstanceInitialState", "", "The content is not a DER-encoded X.509 certificate.");
  }
}

/** The image that a reference names, or the newest image of a family. */
export function resolveImage(world: Compute, project: string, reference: Json, field: string): Json {
  const family = /(?:^|\/)global\/images\/family\/(.+)$/.exec(String(reference))?.[1];
  if (family === undefined) return world.resolve(project, reference, field).resource;
  const newest = world
    .list(`${project}/global`, "images")
    .filter((image) => image.family === family && image.status === "READY")
    .at(-1);
  if (!newest) throw invalid(field, reference, "The referenced image family does not exist.");
  return newest;
}
