import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { debian } from "../../sdk/index.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { type Holding, heldFiles } from "../../sdk/review/held/holding.ts";
import { placeOf } from "../../sdk/review/held/initrd.ts";
import { heldByLock } from "../../sdk/review/held/lock.ts";
import { heldInTree } from "../../sdk/review/held/tree.ts";
import { treemap } from "../../sdk/review/page/treemap.ts";
import { recordTree } from "../../sdk/review/tree/record.ts";
import { Random, seed } from "../support/random.ts";
import { web, webService } from "./definitions.ts";

/** A holding as text: `name bytes (parts)`. */
const said = ({ name, bytes, parts = [] }: Holding): string =>
  `${name} ${bytes}${parts.length > 0 ? ` (${parts.map(said).join(", ")})` : ""}`;

describe("what is held, the largest first", () => {
  test("files by part, by package, and by folder without one", () => {
    const held = heldFiles("OS", [
      { path: "/usr/lib/x/y/a", bytes: 1, part: "init" },
      { path: "/init", bytes: 5, part: "init" },
      { path: "/b", bytes: 3, part: "services.web", package: "p" },
      { path: "/c", bytes: 4, part: "services.web", package: "p" },
    ]);
    assert.equal(said(held), "OS 13 (services.web 7 (p 7 (/c 4, /b 3)), init 6 (/ 5 (/init 5), /usr/lib/x 1 (/usr/lib/x/y/a 1)))");
  });

  test("of an image: a file with two names counts once, and says its package", async () => {
    async function* entries() {
      yield fileEntry("var/lib/dpkg/info/p.list", "/usr/bin/a\n");
      yield fileEntry("usr/bin/a", "12345");
      yield { ...fileEntry("usr/bin/b", ""), type: "hardlink" as const, link: "usr/bin/a" };
    }
    const held = heldInTree(await recordTree(entries()));
    assert.match(said(held), /^Files, unpacked 16 \(image 16 \(.*\bp 5 \(\/usr\/bin\/a 5\)\)\)$/);
  });

  test("of a lock: the packages of each part", () => {
    const image = debian.packages({ packages: ["openssl"] });
    const { spec } = web({}, { kernel: undefined, init: [], onboot: [], services: [webService({ image })] });
    const deb = { architecture: "amd64", version: "1", filename: "x", sha256: "0".repeat(64), archive: "debian", keep: "slim" } as const;
    const key = sourceKey(spec.services["web"]?.image ?? "");
    const lock = {
      debian: {
        [key]: {
          packages: [
            { ...deb, name: "openssl", size: 7 },
            { ...deb, name: "libssl3", size: 9 },
          ],
        },
      },
    };
    assert.equal(said(heldByLock(spec, lock)), "Packages, as downloaded 16 (services.web 16 (libssl3 9, openssl 7))");
  });
});

describe("where a path of the root belongs", () => {
  for (const [path, part, inside] of [
    ["containers/services/web/rootfs/usr/bin/x", "services.web", "usr/bin/x"],
    ["containers/services/web/lower/etc/x", "services.web", "etc/x"],
    ["containers/services/web/config.json", "services.web", "config.json"],
    ["containers/onboot/000-dhcp/rootfs/x", "onboot.dhcp", "x"],
    ["containers/volumes/data/lower/x", "volumes.data", "x"],
    ["usr/lib/modules/x.ko", "modules", "usr/lib/modules/x.ko"],
    ["init", "init", "init"],
    ["containers/other/x", "init", "containers/other/x"],
  ] as const)
    test(path, () => {
      const placed = placeOf(path);
      assert.deepEqual([placed.part.join("."), placed.path], [part, inside]);
    });
});

test("a treemap divides the whole area by weight, without an overlap", (context) => {
  const first = seed();
  context.diagnostic(`seed ${first}`);
  const random = new Random(first);
  for (let round = 0; round < 50; round++) {
    const area = { x: 10, y: 20, width: 1 + random.below(900), height: 1 + random.below(500) };
    const weights = Array.from({ length: random.below(60) }, () => random.below(1000));
    const placed = treemap(
      weights.map((weight) => ({ weight })),
      area,
    );
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    assert.equal(placed.length, weights.filter((weight) => weight > 0).length);
    for (const { x, y, width, height, thing } of placed) {
      assert.ok(Math.abs(width * height - (thing.weight / whole) * area.width * area.height) < 0.01);
      assert.ok(
        x >= area.x - 0.01 && y >= area.y - 0.01 && x + width <= area.x + area.width + 0.01 && y + height <= area.y + area.height + 0.01,
      );
    }
    for (const [index, a] of placed.entries())
      for (const b of placed.slice(index + 1))
        assert.ok(
          a.x + a.width <= b.x + 0.01 || b.x + b.width <= a.x + 0.01 || a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01,
        );
  }
});
