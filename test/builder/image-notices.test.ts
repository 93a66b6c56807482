import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry } from "../../sdk/archive/entry.ts";
import { build } from "../../sdk/builder/build.ts";
import { imageLabels } from "../../sdk/builder/image-labels.ts";
import { Image, Service, type ServiceArgs } from "../../sdk/index.ts";
import { imageLayout, labelled } from "../support/image-layout.ts";

const folder = await mkdtemp(join(tmpdir(), "image-notices-"));
after(() => rm(folder, { recursive: true }));
const cacheDir = join(folder, "cache");

const HOSTILE = { capabilities: ["all"], pid: "host", binds: ["/:/host:rw,rbind,rshared"], runtime: { mkdir: ["/etc/x"] } };
let images = 0;
const imageOf = (config: object) =>
  imageLayout(join(folder, `image-${images++}`), [[directoryEntry("host")]], { Entrypoint: ["/app"], ...config });

/** What a build of one service says and writes. */
async function buildOf(config: object, fields: Partial<ServiceArgs> = {}) {
  const image = new Image({ services: [new Service("web", { image: await imageOf(config), net: "host", ...fields })] });
  const said: string[] = [];
  const { files } = await build(image, {
    format: "tar",
    outputDir: join(folder, "out"),
    cacheDir,
    onProgress: ({ message, lasting }) => lasting && said.push(message),
  });
  return { said, image, tar: await readFile(files[0]?.path as string, "latin1") };
}

describe("a build says what an image asks for", () => {
  test("and does not get", async () => {
    const { said, tar } = await buildOf(labelled(HOSTILE));
    assert.deepEqual(said, [
      'services.web.image: its label asks for what the default sandbox does not give: capabilities ["all"], pid "host", binds ["/:/host:rw,rbind,rshared"], runtime {"mkdir":["/etc/x"]}; set the fields that it needs, or label: "allow" for all of them',
    ]);
    assert.ok(!/CAP_|rshared|etc\/x/.test(tar));
  });
  test("and gets by the definition's word; imageLabels reads the same", async () => {
    const { said, image, tar } = await buildOf(labelled(HOSTILE), { label: "allow" });
    assert.deepEqual(said, [
      'services.web.image: its label opens the sandbox, by label: "allow": capabilities ["all"], pid "host", binds ["/:/host:rw,rbind,rshared"], runtime {"mkdir":["/etc/x"]}',
    ]);
    assert.ok(tar.includes("CAP_SYS_ADMIN") && tar.includes("rshared") && tar.includes("etc/x"));
    assert.deepEqual(await imageLabels(image, { cacheDir }), { "services.web": HOSTILE });
  });
  test("unless it opens nothing, or the definition sets the field", async () => {
    assert.deepEqual((await buildOf(labelled({ command: ["/app"], readonly: true, uid: 1000 }))).said, []);
    assert.deepEqual((await buildOf(labelled({ capabilities: ["all"] }), { capabilities: ["CAP_CHOWN"] })).said, []);
    assert.deepEqual((await buildOf(labelled(HOSTILE), { sandbox: "linuxkit" })).said, []);
  });
  test("what LinuxKit ignores of an image is said where LinuxKit's rules win", async () => {
    const config = { User: "app:web", StopSignal: "SIGQUIT" };
    assert.deepEqual((await buildOf(config, { sandbox: "linuxkit" })).said, [
      'services.web.image: its USER "app:web" has no effect with sandbox: "linuxkit", and it runs as root: set uid and gid',
      'services.web.image: its STOPSIGNAL "SIGQUIT" has no effect with sandbox: "linuxkit", and it gets SIGTERM',
    ]);
    assert.deepEqual((await buildOf(config, { sandbox: "linuxkit", uid: 1000, stopSignal: "QUIT" })).said, []);
    assert.deepEqual((await buildOf({ User: "0:0", StopSignal: "15" }, { sandbox: "linuxkit" })).said, []);
    assert.deepEqual((await buildOf({ ...labelled({ uid: 5 }), User: "app" }, { sandbox: "linuxkit" })).said, []);
  });
  test("an image that is gone has no label, and the reason is said", async () => {
    const said: string[] = [];
    const image = new Image({ services: [new Service("web", { image: `oci:${folder}/nowhere:1`, label: "allow" })] });
    assert.deepEqual(await imageLabels(image, { cacheDir, onProgress: ({ message, lasting }) => lasting && said.push(message) }), {});
    assert.match(said.join("\n"), /^services\.web\.image: its label was not read: .*nowhere/);
  });
});
