import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forwardFiles } from "../../sdk/guest/forward.ts";
import type { GuestFile } from "../../sdk/guest/guest-file.ts";
import { healthzFiles } from "../../sdk/guest/healthz.ts";

interface Config {
  readonly mounts: readonly { readonly source: string; readonly options: readonly string[] }[];
  readonly process: { readonly user: { readonly uid: number }; readonly args: readonly string[]; readonly noNewPrivileges: boolean };
  readonly root: object;
}

function configOf(files: readonly GuestFile[]): Config {
  return JSON.parse(files.find(({ path }) => path.endsWith("config.json"))?.contents ?? "") as Config;
}

describe("a container of the guest's own sees of the guest nothing but what it works on", () => {
  for (const [name, files, args, bind] of [
    ["healthz", healthzFiles(8080), ["/bin/linuxkitd", "healthz", "8080"], "/run/linuxkit/services"],
    ["forward", forwardFiles([{ name: "web", url: "tcp://10.0.0.5:601" }]), ["/bin/linuxkitd", "forward"], "/run/log"],
  ] as const) {
    test(name, () => {
      const { mounts, process, root } = configOf(files);
      const binds = mounts.map(({ source, options }) => [source, options.includes("ro")]);
      assert.deepEqual(binds, [
        ["/init", true],
        [bind, true],
      ]);
      assert.deepEqual(root, { path: "rootfs", readonly: true });
      assert.deepEqual([process.user.uid, process.noNewPrivileges, process.args], [65534, true, args]);
    });
  }
});
