import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { build } from "../../sdk/builder/build.ts";
import { Image, Service } from "../../sdk/index.ts";
import { readFile } from "node:fs/promises";
import { imageLayout } from "../support/image-layout.ts";

const folder = await mkdtemp(join(tmpdir(), "image-accounts-"));
after(() => rm(folder, { recursive: true }));

const PASSWD = "root:x:0:0::/:/bin/sh\n# comment\n+nis\nbroken:x\napp:x:1000:1001:The App:/:/bin/sh\n";
const GROUP = "root:x:0:\nweb:x:33:nobody\n\nlog:x:4:app\n";
const passwd = fileEntry("etc/passwd", PASSWD);
const group = fileEntry("etc/group", GROUP);

let images = 0;
async function userOf(user: string, ...layers: readonly (readonly Entry[])[]): Promise<object> {
  const place = join(folder, String(images++));
  const image = await imageLayout(join(place, "image"), layers, { Entrypoint: ["/app"], User: user });
  const os = new Image({ services: [new Service("web", { image, net: "host" })] });
  const { files } = await build(os, { format: "tar", outputDir: place, cacheDir: join(folder, "cache") });
  const tar = await readFile(files[0]?.path as string, "latin1");
  return JSON.parse(/"user": (\{[^}]*\})/.exec(tar)?.[1] ?? "null");
}

describe("a build reads the users of an image", () => {
  const app = { uid: 1000, gid: 1001, additionalGids: [4] };
  for (const [what, layers, wanted] of [
    ["from its own files", [[passwd, group]], app],
    ["from the uppermost layer", [[fileEntry("etc/passwd", "app:x:5:5::/:\n"), group], [passwd]], app],
    ["behind a link", [[symlinkEntry("etc/passwd", "../usr/lib/passwd"), fileEntry("usr/lib/passwd", PASSWD), group]], app],
    [
      "behind a link of the folder that climbs above the root",
      [[symlinkEntry("etc", "../../usr/etc"), fileEntry("usr/etc/passwd", PASSWD), fileEntry("usr/etc/group", GROUP)]],
      app,
    ],
    ["without groups", [[passwd]], { uid: 1000, gid: 1001 }],
  ] as const) {
    test(what, async () => assert.deepEqual(await userOf("app", ...layers), wanted));
  }
  test("a number needs no account", async () => assert.deepEqual(await userOf("4000", []), { uid: 4000, gid: 0 }));
  test("a group by name", async () => assert.deepEqual(await userOf("4000:web", [group]), { uid: 4000, gid: 33 }));
  for (const [what, layers] of [
    ["an image without the file", [[]]],
    ["a removed file", [[passwd], [fileEntry("etc/.wh.passwd", "")]]],
    ["links in a circle", [[symlinkEntry("etc/passwd", "group"), symlinkEntry("etc/group", "passwd")]]],
  ] as const) {
    test(`${what} has no user`, async () =>
      assert.rejects(userOf("app", ...layers), {
        code: "INVALID_DEFINITION",
        message: /^services\.web\.image: its USER "app" names the user "app", which its \/etc\/passwd does not have: set uid and gid$/,
      }));
  }
});
