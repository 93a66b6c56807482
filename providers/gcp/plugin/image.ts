import { randomBytes } from "node:crypto";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { LatestAccess } from "../../../sdk/plugin/latest-access.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { ACCESS_NAMES } from "./access/inputs.ts";
import { gcpLogin, loginPackages } from "./access/login.ts";
import { type ComputeClient, computeClient } from "./compute-client.ts";
import { type ImageInputs, type ImageOutputs, imageInputs, imageOutputs } from "./image-inputs.ts";

/** Seconds that the import of an archive may take, as in Google's own provider. */
const IMPORT_SECONDS = 20 * 60;

/** Seconds to undo a creation that failed. */
const UNDO_SECONDS = 120;

/** Members that are no fields of the API's `Image`. */
const NO_FIELDS: ReadonlySet<string> = new Set(["project", ...ACCESS_NAMES]);

interface Described {
  readonly selfLink: string;
  readonly labelFingerprint: string;
  readonly diskSizeGb: string;
}

/**
 * An image with an architecture, which Google's provider has no argument for. Without one, Compute Engine takes an image for
 * X86_64, and starts no machine of arm64 from it.
 *
 * Source: Compute Engine API, `images.insert`, field `architecture`.
 */
export function gcpImage(): ResourceType<ImageInputs, ImageOutputs> {
  const latest = new LatestAccess<ImageInputs>(ACCESS_NAMES);
  return {
    token: "linuxkit:index:GcpImage",
    packages: loginPackages,
    inputs: imageInputs,
    outputs: imageOutputs,
    check: ({ urn, inputs, isSecret }) => latest.note(urn, checkInputs(imageInputs, inputs, { isSecret })),
    preview: ({ inputs, old }) => ({
      name: UNKNOWN,
      selfLink: UNKNOWN,
      diskSizeGb: UNKNOWN,
      ...(old?.outputs as unknown as Properties),
      ...inputs,
    }),
    async create({ name: resource, inputs, signal }) {
      const name = inputs.name ?? nameFrom(resource);
      const path = pathIn(inputs, name);
      try {
        await clientOf(inputs, signal).change(
          "POST",
          `projects/${inputs.project}/global/images`,
          { ...fieldsOf(inputs), name },
          { seconds: IMPORT_SECONDS },
        );
        const { selfLink, diskSizeGb } = await clientOf(inputs, signal).get<Described>(path);
        return { id: path, outputs: { ...inputs, name, selfLink, diskSizeGb: Number(diskSizeGb) } };
      } catch (error) {
        // the request may have had an effect; a name of the program's own may be another's image
        if (inputs.name === undefined) await remove(clientOf(inputs, AbortSignal.timeout(UNDO_SECONDS * 1000)), path).catch(() => {});
        throw error;
      }
    },
    async read({ id, inputs, outputs, signal }) {
      if (!inputs || !outputs) return undefined;
      return (await clientOf(inputs, signal).find(id)) === undefined ? undefined : { id, outputs };
    },
    async update({ id, inputs, oldOutputs, signal }) {
      const client = clientOf(inputs, signal);
      const { labelFingerprint } = await client.get<Described>(id);
      await client.change("POST", `${id}/setLabels`, { labels: inputs.labels, labelFingerprint }, { takesId: false });
      return { outputs: { ...oldOutputs, ...inputs, name: oldOutputs.name, diskSizeGb: oldOutputs.diskSizeGb } };
    },
    delete: ({ urn, id, inputs, signal }) => remove(clientOf(latest.of(urn, inputs), signal), id),
  };
}

function clientOf(inputs: ImageInputs, signal: AbortSignal): ComputeClient {
  return computeClient(gcpLogin(inputs), signal);
}

async function remove(client: ComputeClient, path: string): Promise<void> {
  if ((await client.find(path)) !== undefined) await client.change("DELETE", path);
}

function pathIn({ project }: ImageInputs, name: string): string {
  return `projects/${project}/global/images/${name}`;
}

function fieldsOf({ rawDisk: { sha1, ...rawDisk }, ...inputs }: ImageInputs): Record<string, unknown> {
  const fields = Object.fromEntries(Object.entries(inputs).filter(([name]) => !NO_FIELDS.has(name)));
  return { ...fields, rawDisk: { ...rawDisk, ...(sha1 !== undefined && { sha1Checksum: sha1 }) } };
}

/** As Pulumi names resources: the resource's name and seven random digits. */
function nameFrom(resource: string): string {
  const start = resource
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 55);
  return `${start || "image"}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}
