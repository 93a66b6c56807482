import { dirname } from "node:path/posix";
import { z } from "zod";
import { digestOf, hexOf } from "../core/digest.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import type { DebianFile, DebianImage } from "../definition/debian-image.ts";
import { fields, word } from "../definition/fields.ts";
import { Service } from "../definition/service.ts";
import { parseReference } from "../oci/reference.ts";
import { PROGRAM } from "./engine-image.ts";

const ARCHIVES = "usr/share/docker-images";
const CONTENT = "usr/lib/linuxkit/docker-content.json";

/** A container that the engine runs. */
export interface DockerContainerArgs {
  /** Its image: one of `images`, or one that is pulled where it is missing. @example "nginx:1.27" */
  readonly image: string;
  /** Options of `docker run`, besides `--name`, `--detach` and `--restart always`. @default none @example ["--publish", "8080:80"] */
  readonly options?: readonly string[] | undefined;
  /** Program and arguments. @default the image's @example ["nginx", "-g", "daemon off;"] */
  readonly command?: readonly string[] | undefined;
}

/** An image that an engine loads or pulls: `docker-archive:FILE`, or a reference of a registry. */
export const engineImageSource = z.string().superRefine((value, context) => check(value, context, ["archive", "registry"]));

/** The schema of {@link DockerContainerArgs}. */
export const dockerContainer = fields({
  image: z.string().superRefine((value, context) => check(value, context, ["registry"])),
  options: z.array(word).optional(),
  command: z.array(word).optional(),
});

function check(value: string, context: z.core.$RefinementCtx, kinds: readonly string[]): void {
  const forms = kinds.map((kind) => (kind === "archive" ? '"docker-archive:FILE"' : 'a name as "nginx:1.27"')).join(" or ");
  try {
    const reference = parseReference(value);
    const isWhole = reference.kind !== "archive" || reference.tag === undefined;
    if (!kinds.includes(reference.kind)) context.addIssue({ code: "custom", message: forms });
    else if (!isWhole) context.addIssue({ code: "custom", message: '"docker-archive:FILE" without a name: all of its images are loaded' });
  } catch (error) {
    if (!isLinuxKitError(error, "REFERENCE_INVALID")) throw error;
    context.addIssue({ code: "custom", message: `${forms}: ${error.message}` });
  }
}

/** What an engine is to have. */
export interface Content {
  readonly images: readonly string[];
  readonly containers: Readonly<Record<string, DockerContainerArgs>>;
}

/** Files by which an engine gets its content: archives of images, and what `Content` of linuxkitd/internal/docker reads. */
export function contentFiles({ images, containers }: Content): DebianFile[] {
  const references = images.map(parseReference);
  const archives = references
    .flatMap((reference) => (reference.kind === "archive" ? [reference.file] : []))
    .map((source, index) => ({ path: `${ARCHIVES}/${index}.tar`, source }));
  const content = {
    archives: archives.map(({ path }) => `/${path}`),
    images: references.flatMap((reference) => (reference.kind === "registry" ? [reference.text] : [])),
    containers: Object.entries(containers).map(([name, { image, options = [], command = [] }]) => {
      const hash = hexOf(digestOf(canonicalJson({ options, command }))).slice(0, 16);
      return { name, image, hash, options, command };
    }),
  };
  return [...archives, { path: CONTENT, contents: `${JSON.stringify(content, undefined, 2)}\n` }];
}

/** The service that gives an engine its content, and ends. */
export function setupService({ image, socket }: { readonly image: DebianImage; readonly socket: string }): Service {
  const folder = dirname(socket);
  return new Service("docker-setup", {
    image,
    command: [PROGRAM, "docker-content", `/${CONTENT}`],
    env: { DOCKER_HOST: `unix://${socket}` },
    after: ["docker"],
    net: "none",
    restart: "on-failure",
    binds: [`${folder}:${folder}`],
    tmpfs: ["/tmp", "/root"],
    // nothing listens there: it is healthy when it has ended without a fault, and not before
    health: { http: { socket: "/tmp/ended.sock" }, retries: 1000 },
  });
}
