import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forwardFiles } from "../../sdk/guest/forward.ts";
import type { GuestFile } from "../../sdk/guest/guest-file.ts";
import { healthzFiles } from "../../sdk/guest/healthz.ts";
import { httpsFiles } from "../../sdk/guest/https.ts";
import { apiFiles } from "../../sdk/guest/api.ts";

interface Config {
  readonly mounts: readonly { readonly source: string; readonly options: readonly string[] }[];
  readonly process: { readonly user: { readonly uid: number }; readonly args: readonly string[]; readonly noNewPrivileges: boolean };
  readonly root: object;
}

function configOf(files: readonly GuestFile[]): Config {
  return JSON.parse(files.find(({ path }) => path.endsWith("config.json"))?.contents ?? "") as Config;
}

describe("a container of the guest's own sees of the guest nothing but what it works on", () => {
  const TLS = "/lib/linuxkit/bin/linuxkit-tls";
  const keys = { clientCa: "", certificate: "", key: "" };
  for (const [name, files, args, bind, program = "/init"] of [
    ["healthz", healthzFiles(8080), ["/bin/linuxkitd", "healthz", "8080"], "/run/linuxkit/services"],
    ["forward", forwardFiles([{ name: "web", url: "tcp://10.0.0.5:601" }]), ["/bin/linuxkitd", "forward"], "/run/log"],
    ["https", httpsFiles(), ["/bin/linuxkit-tls", "checks"], "/run/linuxkit/https", TLS],
    ["api", apiFiles({ port: 8443, ...keys }), ["/bin/linuxkit-tls", "api", "8443"], "/run/linuxkit/api", TLS],
  ] as const) {
    test(name, () => {
      const { mounts, process, root } = configOf(files);
      const binds = mounts.map(({ source, options }) => [source, options.includes("ro")]);
      assert.deepEqual(binds, [
        [program, true],
        [bind, true],
      ]);
      assert.deepEqual(root, { path: "rootfs", readonly: true });
      assert.deepEqual([process.user.uid, process.noNewPrivileges, process.args], [65534, true, args]);
    });
  }
});
