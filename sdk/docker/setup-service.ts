import { dirname } from "node:path/posix";
import { z } from "zod";
import { digestOf, hexOf } from "../core/digest.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import type { DebianFile, DebianImage } from "../definition/debian-image.ts";
import { fields, word } from "../definition/fields.ts";
import { Service } from "../definition/service.ts";
import { parseReference } from "../oci/reference.ts";

const ARCHIVES = "usr/share/docker-images";
const SCRIPT = "usr/lib/linuxkit/set-up-docker";

/** Marks the containers of the definition, with the hash of what they were made from. */
const LABEL = "org.pulumi-linuxkit.container";

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

/** Files by which an engine gets its content: archives of images, and the script that loads and runs them. */
export function contentFiles({ images, containers }: Content): DebianFile[] {
  const references = images.map(parseReference);
  const archives = references.flatMap((reference) => (reference.kind === "archive" ? [reference.file] : []));
  const pulled = references.flatMap((reference) => (reference.kind === "registry" ? [reference.text] : []));
  const lines = [
    ...archives.map((_, index) => `docker load --quiet --input /${ARCHIVES}/${index}.tar`),
    ...pulled.map((name) => `has ${quoted(name)} || docker pull --quiet ${quoted(name)}`),
    `remove_others ${Object.keys(containers).map(quoted).join(" ")}`,
    ...Object.entries(containers).map(([name, container]) => runLine(name, container)),
  ];
  return [
    ...archives.map((source, index) => ({ path: `${ARCHIVES}/${index}.tar`, source })),
    { path: SCRIPT, contents: `${FUNCTIONS}${lines.join("\n")}\n`, mode: "0755" },
  ];
}

const FUNCTIONS = `#!/bin/sh
set -e
has() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }
# removes containers of an earlier definition
remove_others() {
  for name in $(docker ps --all --filter label=${LABEL} --format '{{.Names}}'); do
    case " $* " in *" $name "*) ;; *) docker rm --force "$name" ;; esac
  done
}
# run NAME IMAGE HASH ARGUMENT...: a container that is as it was wanted stays as it is
run() {
  name=$1 image=$2 hash=$3
  shift 3
  has "$image" >/dev/null || docker pull --quiet "$image"
  wanted="$(has "$image") $hash"
  found=$(docker container inspect --format '{{.Image}} {{index .Config.Labels "${LABEL}"}}' "$name" 2>/dev/null || :)
  [ "$found" = "$wanted" ] && return
  docker rm --force "$name" 2>/dev/null || :
  docker run --detach --restart always --name "$name" --label "${LABEL}=$hash" "$@"
}
`;

function runLine(name: string, { image, options = [], command = [] }: DockerContainerArgs): string {
  const hash = hexOf(digestOf(canonicalJson({ options, command }))).slice(0, 16);
  return ["run", name, image, hash, ...options, image, ...command].map(quoted).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The service that gives an engine its content, and ends. */
export function setupService({ image, socket }: { readonly image: DebianImage; readonly socket: string }): Service {
  const folder = dirname(socket);
  return new Service("docker-setup", {
    image,
    command: [`/${SCRIPT}`],
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
