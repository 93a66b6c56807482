import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { Image, Kernel, OnbootTask, Service } from "../../sdk/index.ts";
import { check, IMAGE } from "../resource/image-build-subject.ts";
import { imageLayout } from "../support/image-layout.ts";

const folder = await mkdtemp(join(tmpdir(), "image-limits-"));
after(() => rm(folder, { recursive: true, force: true }));
let builds = 0;

test("an image may use what the build's limits say, and the message names the limit", async () => {
  const layers = [[fileEntry("a", "1"), fileEntry("b", "1".repeat(5000)), symlinkEntry("top", "/")], [fileEntry("top/c", "2")]];
  const image = await imageLayout(join(folder, "image"), layers, { Entrypoint: ["/a"] });
  const { spec } = new Image({ onboot: [new OnbootTask("first", { image, sandbox: "linuxkit" })] });
  const build = (limits?: object) => {
    const options = { cacheDir: join(folder, `cache${builds++}`), outputDir: join(folder, "out") };
    return buildDefinition(spec, { ...options, format: "tar", ...(limits && { limits }) });
  };
  await build();
  await build({ entries: 4, bytes: undefined });
  const refused = { entries: /more than 3 members/, bytes: /more than 3 bytes/, metadataBytes: /more than 3 bytes of names/ };
  for (const [limit, said] of Object.entries(refused))
    await assert.rejects(build({ [limit]: 3 }), (error: Error & { code?: string }) => {
      assert.equal(error.code, "HOSTILE_ARCHIVE");
      assert.match(error.message, said);
      assert.match(error.message, new RegExp(`; for an image that you trust, raise limits\\.${limit} of the build$`));
      return true;
    });
});

test("an error in a layer names the field that takes the image", async () => {
  const broken = await imageLayout(join(folder, "broken"), [[fileEntry("kernel", "1"), fileEntry("kernel/x", "2")]], {
    Entrypoint: ["/x"],
  });
  const said = `${broken}: layer sha256:`;
  const kernel = new Kernel({ image: broken });
  const service = (name: string) => new Service(name, { image: broken, net: "host" });
  const task = new OnbootTask("first", { image: broken, sandbox: "linuxkit" });
  const rows: [string, Image, object?][] = [
    ["services.a.image", new Image({ services: [service("a")] })],
    ["services.a.image", new Image({ services: [service("a")] }), { sbom: false }],
    ["services.a.image", new Image({ services: [service("a"), service("b")] })],
    ["onboot[0].image", new Image({ onboot: [task] }), { sbom: false }],
    ["init[0]", new Image({ init: [broken] }), { sbom: false }],
    ["kernel.image", new Image({ kernel })],
    ["kernel.image", new Image({ kernel }), { sbom: false, format: "kernel+initrd" }],
    ["kernel.image", new Image({ kernel: new Kernel({ image: broken, tar: "none", ucode: "ucode" }) }), { sbom: false }],
  ];
  for (const [field, { spec }, options] of rows) {
    const cacheDir = join(folder, `cache${builds++}`);
    await assert.rejects(buildDefinition(spec, { cacheDir, outputDir: join(folder, "out"), format: "tar", ...options }), (error: Error) => {
      assert.equal(error.message.slice(0, `${field}: ${said}`.length), `${field}: ${said}`);
      return true;
    });
  }
});

test("a limit is a whole number of at least 1", async () => {
  const { failures } = await check({ image: IMAGE, limits: { entries: 0, ratio: 1.5, most: 1, bytes: 10 } });
  assert.deepEqual(failures.map(({ path }) => path).sort(), ["limits.entries", "limits.most", "limits.ratio"]);
});
