import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advisoriesOf } from "../../sdk/advisory/advisory.ts";
import { readAdvisories } from "../../sdk/advisory/read-advisories.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { review } from "../../sdk/review/review.ts";
import { debian } from "../../sdk/index.ts";
import { lockedDeb } from "../support/locked-deb.ts";
import { web, webService } from "./definitions.ts";

const osv = (id: string, fixed: string | undefined, introduced = "0") => ({
  id,
  affected: [
    {
      package: { ecosystem: "Debian:12", name: "openssl" },
      ranges: [{ type: "ECOSYSTEM", events: [{ introduced }, ...(fixed === undefined ? [] : [{ fixed }])] }],
    },
  ],
});
const advisories = advisoriesOf(
  readAdvisories(
    JSON.stringify([osv("DSA-1-1", "3.0.15-1"), osv("DSA-2-1", "3.0.17-1"), osv("DSA-3-1", undefined), osv("DSA-4-1", "4", "3.0.16-1")]),
    "advisories",
  ),
);

const image = debian.packages({ packages: ["openssl"] });
const { spec: definition } = web({ image }, { services: [webService({ image })] });
const lock = (version: string): Lock => ({
  version: 1,
  arch: "amd64",
  images: {},
  debian: {
    [sourceKey(definition.services["web"]?.image ?? "")]: {
      packages: ["libssl3", "openssl"].map((name) => lockedDeb(name, version, { source: { name: "openssl", version } })),
    },
  },
});
const said = (before: string, after: string): string[] =>
  review({ definition, lock: lock(before), advisories }, { definition, lock: lock(after), advisories }).changes.map(
    ({ direction, part, message }) => `${direction} ${part}: ${message}`,
  );

describe("two locks show the advisories between their versions", () => {
  test("an upgrade: those that it mends, and those that come with it", () => {
    assert.deepEqual(said("3.0.11-1", "3.0.17-1"), [
      "widens services.web: known fault DSA-4-1 of openssl added: 4 mends it",
      "narrows services.web: known fault DSA-1-1 of openssl removed: 3.0.15-1 mends it",
      "narrows services.web: known fault DSA-2-1 of openssl removed: 3.0.17-1 mends it",
      "narrows services.web: package libssl3 upgraded from 3.0.11-1 to 3.0.17-1",
      "narrows services.web: package openssl upgraded from 3.0.11-1 to 3.0.17-1",
    ]);
  });

  test("one that mends nothing", () => {
    assert.deepEqual(said("3.0.11-1", "3.0.12-1"), [
      "narrows services.web: package libssl3 upgraded from 3.0.11-1 to 3.0.12-1",
      "narrows services.web: package openssl upgraded from 3.0.11-1 to 3.0.12-1",
    ]);
  });

  test("a new service brings its faults", () => {
    const changes = review(
      { definition: web({ image }, { services: [] }).spec, lock: lock("3.0.17-1"), advisories },
      { definition, lock: lock("3.0.17-1"), advisories },
    ).changes.map(({ direction, message }) => `${direction} ${message}`);
    assert.deepEqual(changes, [
      "widens known fault DSA-3-1 of openssl added: no version mends it yet",
      "widens known fault DSA-4-1 of openssl added: 4 mends it",
      "widens port 8080/tcp added: to its port 8080",
      "neutral service web added",
    ]);
  });
});
