import type { Entry } from "../archive/entry.ts";
import { NO_PATHS } from "../cache/segment-store.ts";
import { collect } from "../core/bytes.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { ImageAccounts } from "../oci/image-config.ts";
import type { BuildContext } from "./segment.ts";
import { fetchSegment, shareSegment } from "./shared-segment.ts";

const FILES = ["etc/passwd", "etc/group"] as const;

/** Bytes of one of the files. */
const LONGEST = 4 << 20;

/** Links that are followed from one to the next, as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

// raise it when the way that the files are read changes: it is part of the cache key
const VERSION = 1;

/**
 * The users and groups in an image's own `/etc/passwd` and `/etc/group`. The result is cached, so an image is unpacked for it
 * only once.
 *
 * @param open starts reading the image's tree, which the layers make; called again for each link that leads elsewhere
 * @param name the image's name, for messages
 */
export async function imageAccounts(
  layers: readonly Digest[],
  open: () => AsyncGenerator<Entry>,
  name: string,
  context: Pick<BuildContext, "segments" | "shared" | "signal">,
): Promise<ImageAccounts> {
  const { segments, signal } = context;
  const key = hexOf(digestOf(canonicalJson({ accounts: VERSION, layers })));
  const what = `users of ${name}`;
  const cached =
    (await segments.find(key)) ??
    (await fetchSegment(key, what, context)) ??
    (await segments.put(key, readBy(open), () => NO_PATHS, signal));
  shareSegment(cached, what, context);
  return JSON.parse((await collect(segments.open(cached), 4 * LONGEST)).toString()) as ImageAccounts;
}

async function* readBy(open: () => AsyncGenerator<Entry>): AsyncGenerator<Uint8Array> {
  const [passwd, group] = await textsOf(open);
  yield Buffer.from(JSON.stringify({ users: parsePasswd(passwd), groups: parseGroup(group) } satisfies ImageAccounts));
}

/** The texts of {@link FILES}, empty without the file. The tree is read once more for each link that leads elsewhere. */
async function textsOf(open: () => AsyncGenerator<Entry>): Promise<[passwd: string, group: string]> {
  const texts = new Map<string, string>();
  let wanted = new Map<string, string>(FILES.map((file) => [file, file]));
  for (let turn = 0; wanted.size > 0 && turn <= MOST_LINKS; turn++) {
    const links = new Map<string, string>();
    const found = new Map<string, string>();
    for await (const { path, type, link, body } of open()) {
      if (type === "symlink" && link !== undefined) links.set(path, link);
      if (![...wanted.values()].includes(path)) continue;
      if (type === "file") found.set(path, (await collect(body, LONGEST, path)).toString());
      else if (type === "hardlink") links.set(path, `/${link}`);
    }
    const next = new Map<string, string>();
    for (const [file, at] of wanted) {
      const text = found.get(at);
      const target = text === undefined ? followed(at, links) : undefined;
      if (text !== undefined) texts.set(file, text);
      else if (target !== undefined) next.set(file, target);
    }
    wanted = next;
  }
  return [texts.get(FILES[0]) ?? "", texts.get(FILES[1]) ?? ""];
}

/** Where the first link on the way to a path leads, inside the image; undefined if there is none. */
function followed(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const parts = path.split("/");
  for (let count = 1; count <= parts.length; count++) {
    const link = links.get(parts.slice(0, count).join("/"));
    if (link === undefined) continue;
    const places = link.startsWith("/") ? [] : parts.slice(0, count - 1);
    for (const part of [...link.split("/"), ...parts.slice(count)]) {
      if (part === "..") places.pop();
      else if (part !== "" && part !== ".") places.push(part);
    }
    return places.join("/");
  }
  return undefined;
}

const ID = /^\d{1,10}$/;

/** `name:password:uid:gid:…` (passwd(5)); other lines are left out, as the C library leaves them out. */
function parsePasswd(text: string): ImageAccounts["users"] {
  return lines(text).flatMap(([name = "", , uid = "", gid = ""]) =>
    name !== "" && ID.test(uid) && ID.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
  );
}

/** `name:password:gid:member,member` (group(5)). */
function parseGroup(text: string): ImageAccounts["groups"] {
  return lines(text).flatMap(([name = "", , gid = "", members = ""]) =>
    name !== "" && ID.test(gid) ? [{ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") }] : [],
  );
}

function lines(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
