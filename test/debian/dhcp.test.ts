import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { dhcp } from "../../sdk/debian/base/dhcp.ts";
import { scratch } from "../support/judge.ts";

/** The `ip` commands of the lease script. A stand-in for `ip` prints its arguments. */
async function lease(mtu: string | undefined): Promise<{ calls: string[]; resolver: string }> {
  await using folder = await scratch();
  const { debian, config } = dhcp();
  assert.match((config.command ?? []).join(" "), / -O mtu /, "the client requests the MTU");
  const script = debian.files.find(({ path }) => path.endsWith("lease"))?.contents ?? "";
  await writeFile(join(folder.path, "lease"), script.replaceAll("/run/resolvconf", folder.path));
  await writeFile(join(folder.path, "ip"), `#!/bin/sh\necho "ip $*" >>"${folder.path}/calls"\n`);
  await chmod(join(folder.path, "ip"), 0o755);
  const { status, stderr } = spawnSync("sh", [join(folder.path, "lease"), "bound"], {
    env: {
      PATH: `${folder.path}:${process.env.PATH}`,
      interface: "eth0",
      ip: "10.0.0.7",
      mask: "32",
      router: "10.0.0.1",
      dns: "169.254.169.254",
      ...(mtu !== undefined && { mtu }),
    },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return {
    calls: (await readFile(join(folder.path, "calls"), "utf8"))
      .trim()
      .split("\n")
      .filter((call) => !call.includes(" show ")),
    resolver: await readFile(join(folder.path, "resolv.conf"), "utf8"),
  };
}

describe("the lease of debian.dhcp", () => {
  const rest = [
    "ip -4 address flush dev eth0",
    "ip -4 address replace 10.0.0.7/32 broadcast + dev eth0",
    "ip -4 route replace default via 10.0.0.1 dev eth0 onlink",
  ];
  for (const [name, mtu, calls] of [
    ["of a network with packets of its own size, as Google's", "1460", ["ip link set eth0 mtu 1460", ...rest]],
    ["without an MTU in the lease", undefined, rest],
    ["of one whose packets nothing could use", "68", rest],
    ["of one that says what is no number", "1460;reboot", rest],
  ] as const) {
    test(name, async () => {
      const done = await lease(mtu);
      assert.deepEqual(done.calls, calls);
      assert.equal(done.resolver, "nameserver 169.254.169.254\n");
    });
  }
});
