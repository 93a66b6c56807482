import assert from "node:assert/strict";
import { test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import { Service, Volume } from "../../sdk/index.ts";
import { scratch } from "../support/judge.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, spy } from "./image.ts";

const image = debian.packages({
  packages: ["busybox-static", "coreutils"],
  users: [{ name: "app", uid: 900 }],
  files: [
    { path: "bin/sh", symlink: "busybox" },
    { path: "etc/key", mode: "0600", contents: "root's own\n" },
    { path: "srv/app", mode: "0600", uid: 900, gid: 900, contents: "the app's own\n" },
    ...["data", "disk", "other", "state"].map((path) => ({ path, directory: true })),
    { path: "srv/drop", directory: true, mode: "0700", uid: 900, gid: 900 },
  ],
});

const PATH = "PATH=/usr/bin:/bin";
const service = (name: string, script: string, fields: object = {}): Service =>
  new Service(name, {
    image,
    command: ["/bin/sh", "-c", `${script}\necho done; exec sleep 100000`],
    env: [PATH],
    userns: "private",
    ...fields,
  });

// the access of each service to files of both users, and to its mounts
const TRY = `
show() { stat -c '%n %u:%g %a' "$@"; }
show / /etc /etc/key /srv/app /bin/busybox
for file in /etc/key /srv/app; do cat $file || echo "no $file"; done 2>/dev/null
`;

const Answers =
  (machine: Booted) =>
  async (name: string): Promise<string[]> => {
    const log = await ask(machine, `until grep -q ^done /host/run/log/${name}.log; do sleep 0.1; done; cat /host/run/log/${name}.log`);
    return log.trim().split("\n").slice(0, -1);
  };

test("the image's files and the mounts belong to the service's private user ids, which no other service has", async () => {
  const setuid = { noNewPrivileges: false, capabilities: ["CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT"] };
  await using folder = await scratch();
  await using machine = await bootImage(
    {
      onboot: [dhcp()],
      volumes: [new Volume("data", { image }), new Volume("disk", { persistent: { serial: "disk" } })],
      services: [
        spy(),
        service(
          "root",
          `${TRY}show /run/secrets/token /state /data /data/etc/key /tmp; cat /run/secrets/token; for at in /state /data /tmp /disk; do echo x >$at/x; show $at/x; done; touch /x 2>/dev/null || echo sealed`,
          {
            secrets: { token: "hush" },
            tmpfs: ["/tmp"],
            binds: ["/run/state:/state", "data:/data", "disk:/disk"],
            after: ["writer"],
            runtime: { mkdir: ["/run/state"] },
          },
        ),
        service("app", `${TRY}echo x >/srv/drop/x && show /srv/drop/x || echo 'no drop'`, { uid: "app", gid: "app", readonly: false }),
        service(
          "writer",
          `${TRY}echo mine >>/etc/key && tail -n 1 /etc/key; for at in "" /disk; do echo x >$at/x; show $at/x; done; cp /bin/cat /setuid; chmod 4755 /setuid; /usr/sbin/chroot --userspec=7:7 / /setuid /proc/self/status | grep ^Uid; echo up >/up`,
          {
            readonly: false,
            binds: ["disk:/disk"],
            health: { command: ["test", "-e", "/up"], interval: 1 },
            ...setuid,
          },
        ),
        service(
          "neighbour",
          `/other/setuid /proc/self/status | grep ^Uid; cat /other/etc/key || echo 'no key'; touch /other/y 2>/dev/null || echo closed`,
          {
            userns: "host",
            uid: 7,
            noNewPrivileges: false,
            after: ["writer"],
            binds: ["/containers/services/writer/rootfs:/other"],
          },
        ),
      ],
    },
    {
      ports: [80],
      firmware: { [FIRMWARE.secret("root", "token")]: "hush\n" },
      memoryMiB: 384,
      disks: [{ path: await folder.file("disk.img", [Buffer.alloc(64 << 20)]), format: "raw", serial: "disk" }],
    },
  );
  await machine.until("health", ({ stage }) => stage === "healthy");
  const answers = Answers(machine);
  const seen = ["/ 0:0 755", "/etc 0:0 755", "/etc/key 0:0 600", "/srv/app 900:900 600", "/bin/busybox 0:0 755"];
  assert.deepEqual(await answers("root"), [
    ...seen,
    "root's own",
    "no /srv/app",
    "/run/secrets/token 0:0 400",
    "/state 0:0 755",
    "/data 0:0 755",
    "/data/etc/key 0:0 600",
    "/tmp 0:0 1777",
    "hush",
    "/state/x 0:0 644",
    "/data/x 0:0 644",
    "/tmp/x 0:0 644",
    "/disk/x 0:0 644",
    "sealed",
  ]);
  assert.deepEqual(await answers("app"), [...seen, "no /etc/key", "the app's own", "/srv/drop/x 900:900 644"]);
  assert.deepEqual(await answers("writer"), [
    ...seen,
    "root's own",
    "no /srv/app",
    "mine",
    "/x 0:0 644",
    "/disk/x 0:0 644",
    "Uid:\t7\t0\t0\t0",
  ]);

  // as seen by the machine
  const outside = await ask(
    machine,
    `for name in root app writer; do
    read -r pid </host/sys/fs/cgroup/$name/cgroup.procs
    echo $(cat /host/proc/$pid/uid_map /host/proc/$pid/gid_map) $(sed -n 's/^[UG]id://p' /host/proc/$pid/status) $(stat -c '%u %g' /host/containers/services/$name/rootfs/etc/key /host/containers/services/$name/rootfs/srv/app)
  done
  stat -c %u /host/containers/volumes/data/merged/x /host/run/state/x /host/mnt/disk/x
  stat -c '%u %g %a' /host/dev/null`,
  );
  const [root = [], app = [], writer = [], [data] = [], [state] = [], [disk] = [], shared] = outside
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  for (const [name, line, uid] of [
    ["root", root, 0],
    ["app", app, 900],
    ["writer", writer, 0],
  ] as const) {
    const base = line[1] as number;
    assert.ok(base >= 2 * 65536 && base < 2 ** 31 && base % 65536 === 0, `${name}: ${outside}`);
    const id = base + uid;
    assert.deepEqual(line, [0, base, 65536, 0, base, 65536, id, id, id, id, id, id, id, id, base, base, base + 900, base + 900], name);
  }
  assert.equal(new Set([root[1], app[1], writer[1]]).size, 3);
  // a disk outlives the range, so it has the ids that services see
  assert.deepEqual([data, state, disk], [root[1], root[1], 0]);
  assert.deepEqual(shared, [0, 0, 666], "what all of them read from is the machine's");
  assert.deepEqual(await answers("neighbour"), [
    `Uid:\t7\t${writer[1]}\t${writer[1]}\t${writer[1]}`,
    "cat: can't open '/other/etc/key': Permission denied",
    "no key",
    "closed",
  ]);
});
