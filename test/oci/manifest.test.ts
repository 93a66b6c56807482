import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeIndex, parseIndex, selectPlatform } from "../../sdk/oci/image-index.ts";
import { parseImageConfig } from "../../sdk/oci/image-config.ts";
import { parseManifest } from "../../sdk/oci/manifest.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const layer = { mediaType: MEDIA_TYPE.ociLayerGzip, digest: digest("1"), size: 5 };
const manifest = { schemaVersion: 2, config: { mediaType: MEDIA_TYPE.ociConfig, digest: digest("0"), size: 2 }, layers: [layer] };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test("a manifest without a media type is OCI's, and Docker's keeps its own", () => {
  assert.equal(parseManifest(bytes(manifest), "x").mediaType, MEDIA_TYPE.ociManifest);
  assert.equal(parseManifest(bytes({ ...manifest, mediaType: MEDIA_TYPE.dockerManifest }), "x").mediaType, MEDIA_TYPE.dockerManifest);
  assert.deepEqual(parseManifest(bytes(manifest), "x").layers, [layer]);
});

describe("parseManifest refuses", () => {
  const rows: [string, unknown, RegExp][] = [
    ["another schema version", { ...manifest, schemaVersion: 1 }, /m is malformed: schemaVersion: /],
    ["missing layers", { ...manifest, layers: undefined }, /layers: /],
    [
      "a short digest",
      { ...manifest, layers: [{ ...layer, digest: "sha256:1" }] },
      /layers\.0\.digest: got "sha256:1", wanted sha256: and 64/,
    ],
    ["a negative size", { ...manifest, layers: [{ ...layer, size: -1 }] }, /layers\.0\.size/],
    ["a fractional size", { ...manifest, layers: [{ ...layer, size: 0.5 }] }, /layers\.0\.size/],
    ["a size above 2^53", { ...manifest, layers: [{ ...layer, size: 2 ** 60 }] }, /layers\.0\.size/],
    ["too many layers", { ...manifest, layers: Array(501).fill(layer) }, /layers: /],
    ["an index's media type", { ...manifest, mediaType: MEDIA_TYPE.ociIndex }, /says it is .*index/],
    [
      "a media type of two lines",
      { ...manifest, config: { ...manifest.config, mediaType: "a/b\nall is well" } },
      /mediaType: wanted printable/,
    ],
    [
      "a member whose name has two lines",
      { ...manifest, annotations: { "a\nall is well": 1 } },
      /^m is malformed: annotations\.a\\u000aall is/,
    ],
    ["a list", [], /document: /],
    ["null", null, /document: /],
  ];
  for (const [name, value, message] of rows)
    test(name, () => assert.throws(() => parseManifest(bytes(value), "m"), { code: "CORRUPT", message }));
  test("text that is not JSON", () =>
    assert.throws(() => parseManifest(Buffer.from("{"), "m"), { code: "CORRUPT", message: /m is not JSON/ }));
  test("bytes that are not UTF-8", () => assert.throws(() => parseManifest(Buffer.of(0x22, 0xff, 0x22), "m"), { code: "CORRUPT" }));
  test("a media type other than its descriptor's", () =>
    assert.throws(() => parseManifest(bytes({ ...manifest, mediaType: MEDIA_TYPE.dockerManifest }), "m", MEDIA_TYPE.ociManifest), {
      code: "CORRUPT",
    }));
  test("Docker's schema 1", () =>
    assert.throws(() => parseManifest(bytes({}), "m", "application/vnd.docker.distribution.manifest.v1+prettyjws"), {
      code: "UNSUPPORTED",
    }));
  test("more than 4 MiB", () => assert.throws(() => parseManifest(Buffer.alloc((4 << 20) + 1, 0x20), "m"), { code: "TOO_LARGE" }));
});

describe("only the first wrong member of a list or a map is kept, for zod keeps a kilobyte of each", () => {
  const zeros = [0, 0, 0];
  const rows: [string, () => unknown, string][] = [
    ["layers", () => parseManifest(bytes({ ...manifest, layers: zeros }), "x"), "layers.0: "],
    ["annotations", () => parseManifest(bytes({ ...manifest, annotations: { a: "", b: 0, c: 0 } }), "x"), "annotations.b: "],
    ["manifests", () => parseIndex(bytes({ schemaVersion: 2, manifests: [layer, ...zeros] }), "x"), "manifests.1: "],
    ["an environment", () => parseImageConfig(bytes({ config: { Env: zeros } }), "x"), "config.Env.0: "],
    ["labels", () => parseImageConfig(bytes({ config: { Labels: { a: 0, b: 0 } } }), "x"), "config.Labels.a: "],
    ["diff ids", () => parseImageConfig(bytes({ rootfs: { diff_ids: zeros } }), "x"), "rootfs.diff_ids.0: "],
  ];
  for (const [name, parse, where] of rows)
    test(name, () =>
      assert.throws(parse, (error: Error) => {
        assert.equal((error.cause as { issues: unknown[] }).issues.length, 1);
        return error.message.startsWith(`x is malformed: ${where}`);
      }),
    );
  test("more than a million are refused unread", () =>
    assert.throws(() => parseImageConfig(Buffer.from(`{"config":{"Env":[${"0,".repeat(1_000_000)}0]}}`), "x"), { code: "CORRUPT" }));
});

describe("selectPlatform", () => {
  const entry = (digit: string, os: string, architecture: string, variant?: string) => ({
    mediaType: MEDIA_TYPE.ociManifest,
    digest: digest(digit),
    size: 1,
    platform: { os, architecture, ...(variant && { variant }) },
  });
  const index = parseIndex(
    bytes({
      schemaVersion: 2,
      manifests: [
        entry("1", "unknown", "unknown"),
        entry("2", "linux", "arm64", "v8"),
        entry("3", "linux", "amd64"),
        entry("4", "linux", "amd64"),
      ],
    }),
    "i",
  );
  const chosen = (...manifests: object[]) =>
    selectPlatform(parseIndex(bytes({ schemaVersion: 2, manifests }), "i"), { os: "linux", architecture: "amd64" }, "i").digest;
  const bare = (digit: string, more: object = {}) => ({ mediaType: MEDIA_TYPE.ociManifest, digest: digest(digit), size: 1, ...more });
  for (const [name, manifests, want] of [
    ["amd64 without a variant before v3", [entry("1", "linux", "amd64", "v3"), entry("2", "linux", "amd64")], "2"],
    ["v1 before v2", [entry("1", "linux", "amd64", "v2"), entry("2", "linux", "amd64", "v1")], "2"],
    ["v3 where nothing else is there", [entry("1", "linux", "arm64"), entry("2", "linux", "amd64", "v3")], "2"],
    ["an entry without a platform", [entry("1", "linux", "arm64"), bare("2")], "2"],
    ["an entry with an empty platform", [bare("2", { platform: {} })], "2"],
    ["the platform before an entry without one", [bare("1"), entry("2", "linux", "amd64")], "2"],
    ["null for what an entry leaves out", [bare("2", { platform: null, annotations: null, artifactType: null })], "2"],
    ["a sibling of a sha512 entry", [{ ...bare("1"), digest: `sha512:${"0".repeat(128)}` }, bare("2")], "2"],
  ] as const)
    test(`takes ${name}`, () => assert.equal(chosen(...manifests), digest(want)));
  test("does not take an artifact without a platform, nor a malformed digest", () => {
    assert.throws(() => chosen(bare("1", { artifactType: "application/x" })), { code: "NOT_FOUND" });
    assert.throws(() => chosen({ ...bare("1"), digest: "sha512:0" }, bare("2")), { code: "CORRUPT" });
  });
  test("takes the first manifest that matches", () =>
    assert.equal(selectPlatform(index, { os: "linux", architecture: "amd64" }, "i").digest, digest("3")));
  test("ignores the variant", () => assert.equal(selectPlatform(index, { os: "linux", architecture: "arm64" }, "i").digest, digest("2")));
  test("lists the platforms of an index that lacks the wanted one", () =>
    assert.throws(() => selectPlatform(index, { os: "linux", architecture: "s390x" }, "i"), {
      code: "NOT_FOUND",
      message: "i has no linux/s390x; it has linux/arm64, linux/amd64",
    }));
  test("parseIndex reads what encodeIndex writes", () => assert.deepEqual(parseIndex(encodeIndex(index), "i"), index));
});

test("parseImageConfig reads the members that LinuxKit reads, and the label as text", () => {
  const label = "capabilities: [all]\n";
  const text = bytes({
    os: "linux",
    architecture: "amd64",
    config: { Entrypoint: ["/x"], Cmd: null, Env: ["A=1"], Labels: { "org.mobyproject.config": label, other: "1" } },
    rootfs: { type: "layers", diff_ids: [digest("1")] },
  });
  assert.deepEqual(parseImageConfig(text, "c"), {
    os: "linux",
    architecture: "amd64",
    entrypoint: ["/x"],
    cmd: [],
    env: ["A=1"],
    workingDir: "",
    user: "",
    stopSignal: "",
    labels: { "org.mobyproject.config": label, other: "1" },
    labelText: label,
    diffIds: [digest("1")],
  });
  assert.equal(parseImageConfig(bytes({}), "c").labelText, undefined);
  assert.throws(() => parseImageConfig(bytes({ config: { Env: "A=1" } }), "c"), { code: "CORRUPT", message: /config\.Env/ });
});
