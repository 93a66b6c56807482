import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debian } from "../../sdk/debian/images.ts";
import { OnbootTask, Service } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "../guest/image.ts";
import { judge, scratch } from "../support/judge.ts";
import type { Booted } from "../support/qemu.ts";

const PASSWORD = "open sesame";
/** Its hash by `openssl passwd -6 -salt linuxkit`. */
const PASSWORD_HASH = "$6$linuxkit$mMa3DjXJVx/Cl4eR9NLcYEqCKp0hjBXmN0CSp3oSZ2Qlxo/uzdOlE2gtjH.HVuHCmVp3AIwKLhRHdhW2Xi3oh/";

/** Waits for text on the console. The machine's time limit bounds the wait. */
async function read(machine: Booted, wanted: RegExp): Promise<void> {
  let ended = false;
  void machine.ended.then(() => {
    ended = true;
  });
  while (!wanted.test(machine.console())) {
    assert.ok(!ended, `the console never said ${wanted}:\n${machine.console()}`);
    await sleep(20);
  }
}

test("a labelled disk is mounted, certificates are readable in every container, and root can log in on the console", {
  timeout: 300_000,
}, async () => {
  await using folder = await scratch();
  await mkdir(join(folder.path, "tree"));
  await writeFile(join(folder.path, "tree", "letter"), "from the host\n");
  const disk = join(folder.path, "disk.img");
  judge("mkfs.ext4", "-q", "-L", "letters", "-d", join(folder.path, "tree"), disk, "16M");

  await using machine = await bootImage(
    {
      init: [debian.init(), debian.caCertificates()],
      onboot: [dhcp(), new OnbootTask("disk", { image: debian.mount({ label: "letters", path: "/mnt/letters" }) })],
      services: [
        spy(),
        service("answers", "cat /letters/letter >/letters/answer; sync; exec sleep 1000", { binds: ["/mnt/letters:/letters"] }),
        new Service("console", { image: debian.getty({ passwordHash: PASSWORD_HASH }) }),
      ],
    },
    { ports: [80], disks: [{ path: disk, format: "raw", serial: "letters" }] },
  );

  await machine.until("the spy", (line) => line.stage === "service" && line.name === "spy" && line.state === "healthy");
  assert.match(
    await ask(
      machine,
      "for n in 1 2 3 4 5 6 7 8 9; do [ -s /host/mnt/letters/answer ] && break; sleep 1; done; grep letters /proc/1/mounts; cat /host/mnt/letters/answer",
    ),
    /^\/dev\/vda \/mnt\/letters ext4 rw[^\n]*\nfrom the host\n$/,
  );

  const bundle = await ask(machine, "cat /host/etc/ssl/certs/ca-certificates.crt");
  const subjects = bundle
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((pem) => pem.trim() !== "")
    .map((pem) => new X509Certificate(pem).subject);
  assert.ok(subjects.length > 100, `${subjects.length} certificates`);
  assert.ok(subjects.some((subject) => subject.includes("ISRG Root X1")));

  await read(machine, /login: /);
  machine.type("root\n");
  await read(machine, /Password: /);
  machine.type(`${PASSWORD}\n`);
  await read(machine, /~ # /);
  machine.type("echo $(id -u) $(cat /host/mnt/letters/answer)\n");
  await read(machine, /^0 from the host\r?$/m);
});
