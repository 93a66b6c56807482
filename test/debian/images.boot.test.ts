import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConsoleLine } from "../../sdk/guest/console.ts";
import { File, OnbootTask, Service } from "../../sdk/index.ts";
import { debian } from "../../sdk/debian/images.ts";
import { ask, bootImage, dhcp, spy } from "../guest/image.ts";
import { judge, scratch } from "../support/judge.ts";
import { runTool } from "../support/run-tool.ts";

const service =
  (name: string, wanted: string) =>
  (line: ConsoleLine): boolean =>
    line.stage === "service" && line.name === name && line.state === wanted;

describe("the images work in a machine", () => {
  test("services and tasks together", async () => {
    await using keys = await scratch();
    judge("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${keys.path}/mine`);
    const [mine] = judge("cat", `${keys.path}/mine.pub`).trim().split("\n") as [string];
    await using machine = await bootImage(
      {
        onboot: [dhcp(), new OnbootTask("sysctl", { image: debian.sysctl({ "net.ipv4.ip_forward": 1, "vm.overcommit_memory": 1 }) })],
        services: [
          spy({ capabilities: ["CAP_SYS_PTRACE", "CAP_SYS_CHROOT", "CAP_DAC_OVERRIDE"] }),
          new Service("web", {
            image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
            capabilities: ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
            tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
            binds: ["/etc/nginx-site:/etc/nginx/sites-enabled:ro"],
            health: { http: { port: 8080 } },
          }),
          new Service("clock", { image: debian.chrony() }),
          new Service("sshd", { image: debian.sshd({ authorizedKeys: [mine] }) }),
          new Service("renew", { image: debian.dhcp({ renew: true }) }),
        ],
        files: [
          new File("etc/nginx-site/site", { contents: "server { listen 8080; root /var/www/html; index index.nginx-debian.html; }\n" }),
        ],
      },
      { ports: [22, 80, 8080], memoryMiB: 384, smbios: ["type=1,manufacturer=Amazon EC2"] },
    );

    await Promise.all([
      machine.until("the spy", service("spy", "healthy")),
      machine.until("nginx", service("web", "healthy")),
      machine.until("sshd", service("sshd", "started")),
    ]);
    const page = await fetch(`http://127.0.0.1:${machine.port(8080)}/`, { signal: AbortSignal.timeout(30_000) });
    assert.match(await page.text(), /Welcome to nginx/);
    assert.equal(await ask(machine, "cat /host/proc/sys/net/ipv4/ip_forward /host/proc/sys/vm/overcommit_memory"), "1\n1\n");
    assert.match(await ask(machine, "cat /host/run/resolvconf/resolv.conf"), /^nameserver 10\.0\.2\.3$/m);
    assert.match(await ask(machine, "ip -4 address show dev eth0; ip route"), /10\.0\.2\.15\/24[\s\S]*default via 10\.0\.2\.2/);
    assert.match(
      await ask(machine, "for n in 1 2 3 4 5 6 7 8 9; do grep 10.0.2.15 /host/run/log/renew.log && break; sleep 1; done"),
      /eth0 has 10\.0\.2\.15\/24, gateway 10\.0\.2\.2/,
    );
    assert.match(
      await ask(
        machine,
        "for n in 1 2 3 4 5 6 7 8 9; do grep -q Frequency /host/run/log/clock.log && break; sleep 1; done; cat /host/run/log/clock.log",
      ),
      /^.*chrony: on aws: server 169\.254\.169\.123 .*\n.*chronyd version 4/m,
      "the firmware's cloud has its own server",
    );
    const root = "/proc/$(cat /host/run/linuxkit/pids/clock)/root";
    assert.match(await ask(machine, `chroot ${root} chronyc -n sources`), /^\^. 169\.254\.169\.123 /m);
    // a second chronyd ends because of the first, and with -p it prints the sources that it understands
    for (const [cloud, source] of [
      ["gcp", "server metadata.google.internal prefer trust iburst"],
      ["azure", "refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2 prefer trust"],
    ] as const) {
      const commands = [`linuxkitd chrony ${cloud}`, "chronyd -p -f /etc/chrony/chrony.conf"].map((words) => `chroot ${root} ${words}`);
      const said = await ask(machine, [`touch ${root}/dev/ptp_hyperv`, ...commands].join("\n"));
      assert.match(said, new RegExp(`^${source}$[^]*^pool 2\\.debian\\.pool\\.ntp\\.org iburst$`, "m"), `${cloud}: ${said}`);
    }
    const processes = await ask(machine, "ps -o user,args");
    // the spy's image does not have the names of other images' users
    assert.match(processes, /^(101|_chrony) +\/usr\/sbin\/chronyd/m);
    assert.match(processes, /^(33|www-data) +nginx: worker/m);

    const login = (...more: string[]) =>
      runTool(
        "ssh",
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
        "-p",
        String(machine.port(22)),
        "root@127.0.0.1",
        ...more,
      );
    let said = { status: null as number | null, output: "" };
    for (let tries = 0; tries < 30 && said.status !== 0; tries++)
      said = await runTool(
        "ssh",
        "-F",
        "none",
        "-i",
        `${keys.path}/mine`,
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
        "-p",
        String(machine.port(22)),
        "root@127.0.0.1",
        "id -un; ls /host/containers/services",
      );
    assert.match(said.output, /^root\nclock\nrenew\nspy\nsshd\nweb\n$/);
    assert.match((await login("true")).output, /Permission denied \(publickey\)/, "login without the key is refused");
  });

  test("a failing task stops the boot, and its message lists what exists", async () => {
    for (const [image, message] of [
      [debian.dhcp({ interface: "eth9" }), /there is no interface eth9; there are: eth0 lo/],
      [debian.mount({ label: "data", timeout: 1 }), /no LABEL=data; there are:/],
      [debian.sysctl({ "vm.no_such_thing": 1 }), /this kernel has no vm\/no_such_thing/],
      [debian.sysctl({ "vm.overcommit_memory": 7 }), /vm\/overcommit_memory does not take "7"/],
    ] as const) {
      await using machine = await bootImage({ onboot: [new OnbootTask("fails", { image })] });
      await machine.ended;
      assert.match(machine.console(), message);
    }
  });
});
