import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Provider } from "@pulumi/gcp/provider.js";
import { runtime } from "@pulumi/pulumi";
import { debian, Image, Kernel } from "../../sdk/index.ts";
import { MachineImage, type MachineImageArgs } from "../../providers/gcp/index.ts";

const os = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "" }), init: [debian.init()] });
const ACCESS = ["credentials", "accessToken", "impersonateServiceAccount"];

describe("an upload asks as the stack's Google Cloud provider does", () => {
  const uploads = new Map<string, Record<string, unknown>>();
  before(async () => {
    await runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        if (type === "linuxkit:index:GcpUpload") uploads.set(name, inputs);
        const build = { digest: `sha256:${"a".repeat(64)}`, arch: "amd64", path: "/cache", files: [{ role: "image", name: "x.img.tar.gz", size: 1, sha256: "b".repeat(64) }] };
        return { id: `${name}-id`, state: { ...inputs, name, ...(type === "linuxkit:index:ImageBuild" && build) } };
      },
      call: ({ token }) => (token.endsWith("getProject") ? { number: "1" } : { project: "p", region: "r", zone: "z" }),
    }, "project", "stack", false);
    runtime.setAllConfig({ "gcp:accessToken": "of-the-config", "gcp:impersonateServiceAccount": "config@p" });
  });
  /** What of who asks an upload is given. */
  const accessOf = async (name: string, args: Partial<MachineImageArgs>, provider?: Provider) => {
    const image = new MachineImage(name, { image: os, bucket: "images", ...args }, provider && { providers: [provider] });
    await new Promise((resolve) => image.nodes.image.id.apply(resolve));
    const inputs = uploads.get(`${name}-upload`) ?? {};
    return Object.fromEntries(
      ACCESS.flatMap((key) => {
        if (inputs[key] === undefined) return [];
        const { value, ...mark } = inputs[key] as { value: unknown };
        // the engine's mark of a secret
        assert.deepEqual(mark, { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" });
        return value === null ? [] : [[key, value]];
      }),
    );
  };

  test("as the stack's configuration says", async () => assert.deepEqual(await accessOf("a", {}), { accessToken: "of-the-config", impersonateServiceAccount: "config@p" }));
  test("as an explicit provider says, and nothing else", async () => assert.deepEqual(await accessOf("b", {}, new Provider("mine", { project: "p", credentials: "key.json" })), { credentials: "key.json" }));
  test("as the component's arguments say, whatever else there is", async () => {
    assert.deepEqual(await accessOf("c", { impersonateServiceAccount: "me@p" }, new Provider("other", { credentials: "key.json" })), { impersonateServiceAccount: "me@p" });
  });
});
