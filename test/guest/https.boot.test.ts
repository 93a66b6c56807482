import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import { debian, type HttpsCheckArgs, Service, type ServiceArgs } from "../../sdk/index.ts";
import { httpsCertificates } from "../support/https-certificates.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

test("a service is healthy over TLS when its certificate is the wanted one, and the report says what is wrong with another", {
  timeout: 300_000,
}, async () => {
  const { ca, servers } = await httpsCertificates({
    good: { names: "DNS:localhost" },
    named: { names: "DNS:kubernetes,IP:10.0.0.1" },
    expired: { names: "DNS:localhost", days: -1 },
  });
  const foreign = await httpsCertificates({});
  const pem = (name: string) => ({ path: `${name}.pem`, contents: servers[name] as string, mode: "0644" });
  const image = debian.packages({ packages: ["openssl"], files: [pem("good"), pem("named"), pem("expired")] });
  // -www answers each request with 200 and what was agreed on
  const server = (name: string, cert: string, https: Partial<HttpsCheckArgs>, more: Partial<ServiceArgs> = {}) =>
    new Service(name, {
      image,
      command: ["/usr/bin/openssl", "s_server", "-accept", "8443", "-cert", `/${cert}.pem`, "-www"],
      health: { https: { port: 8443, path: "/livez", ca, ...https }, interval: 1, timeout: 5, retries: 20 },
      ...(more.net !== "host" && { publish: [] }),
      ...more,
    });
  await using machine = await bootImage(
    {
      onboot: [dhcp()],
      services: [
        spy(),
        server("good", "good", {}),
        server("secret", "named", { ca: undefined, caSecret: "ca.crt", serverName: "10.0.0.1" }, { secrets: { "ca.crt": "" } }),
        server(
          "host",
          "named",
          { port: 8444, serverName: "kubernetes" },
          {
            net: "host",
            command: ["/usr/bin/openssl", "s_server", "-accept", "8444", "-cert", "/named.pem", "-www"],
          },
        ),
        server("foreign", "good", { ca: foreign.ca }),
        server("expired", "expired", {}),
        server("other", "named", {}),
        server("status", "good", { status: 204 }),
        service("plain", "while :; do echo hello | busybox nc -l -p 8443; done", {
          publish: [],
          health: { https: { port: 8443, ca }, interval: 1, timeout: 5, retries: 20 },
        }),
        server("closed", "good", { port: 8445 }),
      ],
    },
    // what is beside the certificates in a secret stays in PID 1
    { ports: [80], memoryMiB: 384, firmware: { [FIRMWARE.secret("secret", "ca.crt")]: `${servers["good"]}${ca}` } },
  );
  const state = (name: string, wanted: string) =>
    machine.until(`${name}: ${wanted}`, (line) => line.stage === "service" && line.name === name && line.state === wanted);
  for (const name of ["good", "secret", "host"]) await state(name, "healthy");
  for (const [name, why] of [
    ["foreign", /port 8443: its certificate is signed by another authority: its issuer is "authority"$/],
    ["expired", /port 8443: its certificate expired on \d{4}-\d\d-\d\d \d\d:\d\d; the machine's clock says \d{4}-/],
    ["other", /port 8443: its certificate is for "kubernetes", 10\.0\.0\.1, wanted "localhost"$/],
    ["status", /port 8443: it answered with status 200, not 204$/],
    ["plain", /port 8443: the answer is no TLS$/],
    ["closed", /port 8445: connection refused$/],
  ] as const) {
    const line = await state(name, "unhealthy");
    assert.match("message" in line ? line.message : "", why);
  }

  // one process for all of them, without network and without rights
  const found = await ask(
    machine,
    `for p in /proc/[0-9]*; do case "$(cat $p/cmdline 2>/dev/null | tr '\\0' ' ')" in */linuxkit-tls*) echo $p; grep -E '^(Uid|CapBnd|NoNewPrivs):' $p/status; grep -c : $p/net/dev; ls $p/root; esac; done`,
  );
  assert.match(
    found,
    /^\/proc\/\d+\nUid:\t65534\t65534\t65534\t65534\nCapBnd:\t0{16}\nNoNewPrivs:\t1\n1\nbin\nchecks\ndev\nproc\nsys\n$/,
    found,
  );
  const memory = Number(await ask(machine, "cat /host/sys/fs/cgroup/linuxkit.https/memory.current"));
  assert.ok(memory < 16 << 20, `${memory} bytes`);
});

test("a machine that asks no service over TLS has no program for it", { timeout: 200_000 }, async () => {
  await using machine = await bootImage({ onboot: [dhcp()], services: [spy()] }, { ports: [80] });
  await machine.until("health", ({ stage }) => stage === "healthy");
  assert.equal(await ask(machine, "ls /host/lib/linuxkit /host/run/linuxkit | grep -E 'https|bin'"), "");
});
