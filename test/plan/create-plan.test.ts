import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf } from "../../sdk/core/digest.ts";
import { File } from "../../sdk/definition/file.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Kernel } from "../../sdk/definition/kernel.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { Volume } from "../../sdk/definition/volume.ts";
import { debian } from "../../sdk/debian/images.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { MACHINE_FILE } from "../../sdk/guest/description.ts";
import { END_MARK } from "../../sdk/guest/files.ts";
import { guestCommandLine, NO_TRACING } from "../../sdk/plan/command-line.ts";
import { createPlan } from "../../sdk/plan/create-plan.ts";
import { DISK_MODULES } from "../../sdk/plan/needless-modules.ts";
import { type EntryStep, type Plan, segmentKey } from "../../sdk/plan/plan.ts";
import { resolve } from "../../sdk/resolve/resolve.ts";

const web = (args = {}) =>
  new Service("web", { image: debian.packages({ packages: ["nginx-light"], command: ["nginx"] }), capabilities: ["CAP_CHOWN"], ...args });

function os(...services: Service[]): Image {
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: services.length > 0 ? services : [web()],
    files: [new File("/srv/web/index.html", { contents: "hello", mode: "0644" }), new File("/lib/extra/x", { contents: "" })],
  });
}

/** The plan of a definition whose packages are made up. `more` is one more package of an image. */
async function planOf(
  image: Image,
  more: (packages: readonly string[]) => Pick<LockedDeb, "name" | "sha256" | "keep"> | undefined = () => undefined,
): Promise<Plan> {
  const resolved = await resolve(image.spec, {
    arch: "amd64",
    sources: {
      lockDebian: async ({ debian: { packages } }) => {
        const added = more(packages);
        const all = packages.map((name) => ({
          name,
          sha256: Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64),
          keep: "slim" as const,
        }));
        return {
          packages: [...all, ...(added ? [added] : [])].map((own) => ({
            version: "1",
            architecture: "amd64",
            filename: "x",
            size: 1,
            archive: "debian" as const,
            ...own,
          })),
        };
      },
      findImage: () => assert.fail("this definition has no references"),
      readAccounts: () => assert.fail("this definition has no references"),
      findLayout: () => assert.fail("this definition has no references"),
    },
  });
  return createPlan(resolved, () => "metadata");
}

const withoutOf = (plan: Plan): readonly string[] =>
  plan.segments.flatMap(({ steps }) => steps).flatMap((step) => (step.kind === "modules" ? (step.without ?? []) : []));
const keys = (plan: Plan) => new Map(plan.segments.map((segment) => [segment.name, segmentKey(segment)]));
const entries = (plan: Plan): EntryStep[] => plan.segments.flatMap(({ steps }) => steps.filter((step) => step.kind === "entry"));

/** The command of a container. */
const argsOf = (config: EntryStep | undefined): unknown =>
  (JSON.parse(config?.contents ?? "") as { process: { args: unknown } }).process.args;

function changed(before: Plan, after: Plan): string[] {
  const old = keys(before);
  return [...keys(after)].filter(([name, key]) => old.get(name) !== key).map(([name]) => name);
}

describe("createPlan", () => {
  test("the same definition gives the same plan", async () => assert.deepEqual(await planOf(os()), await planOf(os())));

  test("segments are in the order in which the kernel must unpack them", async () => {
    assert.deepEqual([...keys(await planOf(os())).keys()], ["tree", "init", "modules", "services.web", "config"]);
  });

  test("the end mark is the very last path", async () => {
    const last = entries(await planOf(os())).at(-1);
    assert.equal(last?.path, `usr/${END_MARK}`);
  });

  test("an image whose packages are all in init goes into init's segment", async () => {
    const init = (await planOf(os())).segments.find(({ name }) => name === "init");
    assert.deepEqual(
      init?.steps.flatMap((step) => (step.kind === "unpack" ? [step.prefix] : [])),
      ["", "containers/onboot/000-dhcp/rootfs"],
    );
  });

  describe("the overlay filesystem", () => {
    for (const { name, image, want } of [
      { name: "is left out where all roots are read-only", image: os(), want: ["overlay"] },
      { name: "is there for a writable root", image: os(web({ readonly: false })), want: [] },
      { name: "is there for who may mount it", image: os(web({ capabilities: ["CAP_SYS_ADMIN"] })), want: [] },
      {
        name: "is there for user namespaces of all",
        image: os().with({
          onboot: [new OnbootTask("sysctl", { image: debian.sysctl({ "kernel.unprivileged_userns_clone": 1 }) })],
        }),
        want: [],
      },
      {
        name: "is there for a volume in memory",
        image: os(new Service("db", { image: debian.packages({ packages: ["redis"] }), command: ["redis-server"] })).with({
          volumes: [new Volume("data")],
          services: [web({ binds: ["data:/data"] })],
        }),
        want: [],
      },
    ]) {
      test(name, async () =>
        assert.deepEqual(
          withoutOf(await planOf(image)).filter((module) => !DISK_MODULES.includes(module)),
          want,
        ),
      ); // prettier-ignore
    }
  });

  describe("the drivers of disks", () => {
    const task = (fields: Partial<ServiceArgs>) =>
      os().with({
        onboot: [new OnbootTask("task", { image: debian.packages({ packages: ["tar"], command: ["tar"] }), ...(fields as object) })],
      });
    const block = { major: 252, minor: 0, mode: "0600" };
    for (const { name, image, needless = false } of [
      { name: "are left out where no container reaches one", image: os(), needless: true },
      { name: "are left out for a mount of none", image: task({ mounts: [{ type: "proc", destination: "/p" }] }), needless: true },
      { name: "are left out for a bind of /dev", image: task({ binds: ["/dev:/dev"] }), needless: true },
      {
        name: "are left out for a bind with a type",
        image: task({ mounts: [{ type: "x", source: "/run", destination: "/r", options: ["rbind"] }] }),
        needless: true,
      },
      {
        name: "are left out for another device",
        image: task({ devices: [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, mode: "0600" }] }),
        needless: true,
      },
      { name: "are left out for all devices of characters", image: task({ devices: [{ path: "all", type: "c" }] }), needless: true },
      { name: "are there for all disks", image: task({ devices: [{ path: "all", type: "b" }] }) },
      { name: "are there for all devices", image: task({ devices: [{ path: "all", type: "a" }] }) },
      { name: "are there for a disk", image: task({ devices: [{ path: "/dev/vda", type: "b", ...block }] }) },
      { name: "are there for a rule", image: task({ resources: { devices: [{ allow: true, type: "b", access: "r" }] } }) },
      { name: "are there for a rule of any type", image: task({ resources: { devices: [{ allow: true, access: "r" }] } }) },
      { name: "are there for a mount", image: task({ mounts: [{ type: "ext4", source: "/dev/vda", destination: "/data" }] }) },
      {
        name: "are there for a mount by the guest",
        image: task({ runtime: { mounts: [{ type: "vfat", source: "/dev/vda1", destination: "/data" }] } }),
      },
      { name: "are there for who loads modules", image: task({ capabilities: ["CAP_SYS_MODULE"] }) },
      { name: "are there in LinuxKit's sandbox, which has no rules", image: task({ sandbox: "linuxkit" }) },
      { name: "are there for a volume on a disk", image: os().with({ volumes: [new Volume("data", { persistent: {} })] }) },
    ] as const) {
      test(name, async () =>
        assert.deepEqual(
          withoutOf(await planOf(image)).filter((module) => DISK_MODULES.includes(module)),
          needless ? DISK_MODULES : [],
        ),
      ); // prettier-ignore
    }
  });

  describe("the C library of a container", () => {
    const same = { name: "libc6", sha256: "c".repeat(64), keep: { sonames: ["libc.so.6", "libm.so.6"] } };
    const init = { name: "libc6", sha256: "c".repeat(64), keep: { sonames: ["ld-linux-x86-64.so.2", "libc.so.6"] } };
    const image = debian.packages({ packages: ["nginx-light"], command: ["nginx"] });
    const libc = "usr/lib/x86_64-linux-gnu/libc.so.6";
    const sharedOf = (plan: Plan) =>
      plan.segments.flatMap(({ steps }) => steps).find((step) => step.kind === "unpack" && step.location === "services.web.image");
    const machineOf = (plan: Plan) =>
      JSON.parse(entries(plan).find(({ path }) => path === `usr/${MACHINE_FILE}`)?.contents ?? "") as { shared?: unknown };
    for (const { name, mine, args = {}, want } of [
      { name: "is the init's, where both have the same package", mine: same, want: [libc] },
      { name: "is its own in another version", mine: { ...same, sha256: "d".repeat(64) }, want: undefined },
      { name: "is its own where the init has none of its libraries", mine: { ...same, keep: { sonames: ["libm.so.6"] } }, want: undefined },
      { name: "is its own in a whole package", mine: { ...same, keep: "slim" as const }, want: undefined },
      { name: "is its own with private user ids", mine: same, args: { userns: "private" }, want: undefined },
      {
        name: "is its own where the image replaces it",
        mine: same,
        args: {
          image: debian.packages({ packages: ["nginx-light"], command: ["nginx"], files: [{ path: `/lib/x86_64-linux-gnu/libc.so.6` }] }),
        },
        want: undefined,
      },
    ]) {
      test(name, async () => {
        const plan = await planOf(os(web({ image, ...args })), (packages) => (packages.includes("nginx-light") ? mine : init));
        const step = sharedOf(plan);
        assert.deepEqual(step?.kind === "unpack" && step.shared, want);
        assert.deepEqual(
          machineOf(plan).shared,
          want?.map((file) => ({ file: `/${file}`, names: [`/containers/services/web/rootfs/${file}`] })),
        );
      });
    }
  });

  describe("the guest's program in an image apart from the init's", () => {
    const image = debian.sshd({ authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlgqFo me@example.com"] });
    const path = "containers/services/shell/rootfs/usr/bin/linuxkitd";
    const programOf = (plan: Plan) => entries(plan).find((step) => step.path === path);
    const links = (plan: Plan) =>
      (JSON.parse(entries(plan).find((step) => step.path === `usr/${MACHINE_FILE}`)?.contents ?? "") as object) ?? {};
    test("is the init's", async () => {
      const plan = await planOf(os(new Service("shell", { image })));
      assert.equal(programOf(plan)?.shared, true);
      assert.deepEqual(
        Object.entries(links(plan)).filter(([name]) => name === "shared"),
        [["shared", [{ file: "/init", names: [`/${path}`] }]]],
      ); // prettier-ignore
    });
    test("is a copy with private user ids", async () => {
      const plan = await planOf(os(new Service("shell", { image, userns: "private", pid: "new", net: "none", binds: [] })));
      assert.equal(programOf(plan)?.shared, undefined);
      assert.ok(programOf(plan)?.program);
      assert.ok(!("shared" in links(plan)));
    });
  });

  test("no path goes through a symlink of Debian's tree", async () => {
    const through = entries(await planOf(os())).filter(({ path }) => /^(bin|sbin|lib|lib64)(\/|$)/.test(path));
    assert.deepEqual(through, []);
  });

  test("every directory above an entry is in the first segment, parents first", async () => {
    const plan = await planOf(os());
    const folders = plan.segments[0]?.steps.map((step) => (step as EntryStep).path) ?? [];
    for (const path of ["containers", "containers/services", "containers/services/web", "srv", "srv/web", "usr/lib/extra"])
      assert.ok(folders.includes(path), path);
    for (const folder of folders) {
      const above = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
      if (above) assert.ok(folders.indexOf(above) < folders.indexOf(folder), folder);
    }
  });

  test("a persistent volume is the first onboot task, and a symlink to its mount point", async () => {
    const plan = await planOf(
      os().with({
        volumes: [new Volume("data", { persistent: { serial: "vol-1" } })],
        services: [new Service("db", { image: debian.packages({ packages: ["redis"], command: ["redis-server"] }), binds: ["data:/srv"] })],
      }),
    );
    const paths = new Map(entries(plan).map((entry) => [entry.path, entry]));
    const tasks = [...paths.keys()].filter((path) => path.startsWith("containers/onboot/") && path.endsWith("/linuxkitd.json")).sort();
    assert.deepEqual(tasks, ["containers/onboot/00-data/linuxkitd.json", "containers/onboot/000-dhcp/linuxkitd.json"]);
    assert.equal(paths.get("containers/volumes/data/merged")?.link, "/mnt/data");
    assert.ok(!paths.has("containers/volumes/data/tmp") && !paths.has("containers/volumes/data/lower"));
    const words = ["/usr/bin/linuxkitd", "disk", "data", "serial:vol-1", "1", "0:0", "30", "/mnt/data", "nosuid,nodev"];
    assert.deepEqual(argsOf(paths.get("containers/onboot/00-data/config.json")), words);
    assert.match(paths.get("containers/services/db/config.json")?.contents ?? "", /"source":"\/containers\/volumes\/data\/merged"/);
  });

  test("a persistent volume with `after` follows that task, and waits 300 s for its disk", async () => {
    const persistent = { serial: "data", after: "dhcp" };
    const plan = await planOf(
      os().with({
        onboot: [new OnbootTask("later", { image: debian.packages({ packages: ["redis"], command: ["true"] }), binds: ["data:/srv"] })],
        volumes: [new Volume("data", { persistent })],
      }),
    );
    const paths = new Map(entries(plan).map((entry) => [entry.path, entry]));
    const tasks = [...paths.keys()].filter((path) => path.startsWith("containers/onboot/") && path.endsWith("/linuxkitd.json")).sort();
    assert.deepEqual(tasks, [
      "containers/onboot/000-dhcp/linuxkitd.json",
      "containers/onboot/000.data/linuxkitd.json",
      "containers/onboot/001-later/linuxkitd.json",
    ]);
    const words = ["/usr/bin/linuxkitd", "disk", "data", "serial:data", "1", "0:0", "300", "/mnt/data", "nosuid,nodev"];
    assert.deepEqual(argsOf(paths.get("containers/onboot/000.data/config.json")), words);
  });

  for (const row of [
    { name: "one capability", image: os(web({ capabilities: ["CAP_CHOWN", "CAP_SETUID"] })), want: ["config"] },
    { name: "a health check", image: os(web({ health: { command: ["true"] } })), want: ["config"] },
    { name: "the first published port", image: os(web({ health: { tcp: { port: 80 } } })), want: ["modules", "config"] },
    { name: "another published port", image: os(web({ publish: ["80"] })), base: os(web({ publish: ["8080:80"] })), want: ["config"] },
    { name: "a file's content", image: os().replace(new File("/srv/web/index.html", { contents: "bye", mode: "0644" })), want: ["config"] },
    {
      name: "another package",
      image: os(web({ image: debian.packages({ packages: ["nginx-full"], command: ["nginx"] }) })),
      want: ["services.web"],
    },
    {
      name: "another service",
      image: os(web(), new Service("b", { image: debian.packages({ packages: ["redis"], command: ["redis-server"] }) })),
      want: ["tree", "services.b", "config"],
    },
    { name: "private user ids", image: os(web({ userns: "private" })), want: ["services.web", "config"] },
    {
      name: "another service with private user ids",
      base: os(web({ userns: "private" })),
      image: os(
        new Service("a", { image: debian.packages({ packages: ["redis"], command: ["redis-server"] }), userns: "private" }),
        web({ userns: "private" }),
      ),
      want: ["tree", "services.a", "config"],
    },
    { name: "a value of a secret", image: os(web({ secrets: { key: "two" } })), base: os(web({ secrets: { key: "one" } })), want: [] },
  ]) {
    test(`${row.name} changes only the segments [${row.want}]`, async () => {
      const [before, after] = [await planOf(row.base ?? os()), await planOf(row.image)];
      assert.deepEqual(changed(before, after), row.want);
      assert.equal(before.digest !== after.digest, row.want.length > 0);
    });
  }

  describe("private user ids", () => {
    const image = debian.packages({ packages: ["redis"], command: ["redis-server"] });
    const service = (name: string, args: Partial<ServiceArgs> = {}) => new Service(name, { image, userns: "private", ...args });
    const baseOf = (plan: Plan, location: string): number | undefined =>
      plan.segments
        .flatMap(({ steps }) => steps)
        .flatMap((step) => (step.kind === "unpack" && step.location === location ? [step.idBase ?? 0] : []))[0];

    test("own the container's folders and its copy of the image", async () => {
      const plan = await planOf(
        os(service("a"), service("b"), service("c", { userns: "host" }), service("d", { userns: "host" })).with({
          files: [new File("/etc/a", { contents: "", uid: "a" }), new File("/etc/d", { contents: "", uid: "d" })],
        }),
      );
      const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => baseOf(plan, `services.${name}.image`));
      assert.ok(a && b && a !== b);
      assert.deepEqual([c, d], [0, undefined]);
      const owner = (path: string): number | undefined => entries(plan).findLast((entry) => entry.path === path)?.uid;
      assert.equal(owner("containers/services/a/rootfs"), a);
      assert.deepEqual([owner("etc/a"), owner("etc/d")], [a + 101, 104]);
    });

    test("own a volume in memory, while a disk is id-mapped for each container", async () => {
      const volumes = [new Volume("data", { image }), new Volume("empty"), new Volume("kept", { persistent: {} })];
      const plan = await planOf(
        os().with({
          volumes,
          services: [
            service("a", { binds: ["data:/data", "empty:/empty", "kept:/kept:ro"] }),
            service("b", { mounts: [{ type: "bind", source: "kept", destination: "/kept", options: ["rbind"] }] }),
          ],
        }),
      );
      const base = baseOf(plan, "services.a.image");
      assert.equal(baseOf(plan, "volumes.data.image"), base);
      assert.equal(entries(plan).findLast(({ path }) => path === "containers/volumes/empty/lower")?.uid, base);
      const options = (name: string): unknown =>
        JSON.parse(entries(plan).find(({ path }) => path === `containers/services/${name}/config.json`)?.contents ?? "").mounts.find(
          ({ destination }: { destination: string }) => destination === "/kept",
        ).options;
      assert.deepEqual(
        [options("a"), options("b")],
        [
          ["ro", "rbind", "rprivate", "idmap"],
          ["rbind", "idmap"],
        ],
      );
    });

    test("need the guest's own init", async () => {
      await assert.rejects(planOf(new Image({ services: [service("a", { net: "host" })] })), {
        code: "INVALID_DEFINITION",
        message: 'services.a.userns: got "private", which needs the guest\'s own init: set init: [debian.init()]',
      });
    });

    test("need a runtime that can id-map the disk", async () => {
      const image = new Image({
        init: [debian.init({ runtime: "runc" })],
        volumes: [new Volume("v", { persistent: {} })],
        services: [service("a", { "binds.add": ["v:/v"] })],
      });
      await assert.rejects(planOf(image), {
        code: "INVALID_DEFINITION",
        message: /^services\.a\["binds\.add"\]\[0\]: with userns: "private" the disk of volume "v" must be id-mapped/,
      });
    });

    for (const [what, volume, fields, code] of [
      ["two ranges", {}, {}, "INVALID_DEFINITION"],
      ["a range and the machine's users", {}, { userns: "host" }, "INVALID_DEFINITION"],
      ["two ranges, on a disk", { persistent: {} }, {}, undefined],
    ] as const) {
      test(`${code ? "do not share" : "share"} a volume: ${what}`, async () => {
        const made = planOf(
          os().with({
            volumes: [new Volume("v", volume)],
            services: [service("a", { binds: ["v:/v"] }), service("b", { binds: ["v:/v"], ...fields })],
          }),
        );
        if (code)
          await assert.rejects(made, {
            code,
            message: /^services\.b\.binds\[0\]: services\.a uses volume "v" too, with other user ids: make the volume persistent/,
          });
        else await made;
      });
    }
  });

  for (const row of [
    { written: "console=ttyS0", want: `console=ttyS0 rootfstype=ramfs panic=-1 quiet ${NO_TRACING}` },
    { written: "root=/dev/vda panic=5 debug", want: `root=/dev/vda panic=5 debug ${NO_TRACING}` },
    { written: "", want: `rootfstype=ramfs panic=-1 quiet ${NO_TRACING}` },
    { written: "initcall_blacklist=", want: "initcall_blacklist= rootfstype=ramfs panic=-1 quiet" },
    { written: "quiet trace_event=sched:*", want: "quiet trace_event=sched:* rootfstype=ramfs panic=-1" },
  ]) {
    test(`the command line ${JSON.stringify(row.written)} gets the words that the guest needs`, () =>
      assert.equal(guestCommandLine(row.written), row.want));
  }

  test("the kernel keeps the files of its tracing where a container mounts them", async () => {
    const watching = (type: string, destination: string) =>
      new Service("watch", { image: debian.packages({ packages: ["watch"], command: ["watch"] }), mounts: [{ type, destination }] });
    const words = async (...mount: readonly [type: string, destination: string]) =>
      (await planOf(os().with({ services: [watching(...mount)] }))).cmdline.split(" ");
    for (const type of ["tracefs", "debugfs"]) assert.ok(!(await words(type, "/t")).includes(NO_TRACING), type);
    assert.ok((await words("tmpfs", "/tracefs")).includes(NO_TRACING));
  });

  test("only a kernel that is not Debian's gets another compression than Debian's, by what it unpacks", async () => {
    const image = os().with({ kernel: new Kernel({ image: "kernel:1", cmdline: "console=ttyS0" }) });
    const resolved = await resolve(image.spec, {
      arch: "amd64",
      sources: {
        lockDebian: async () => ({ packages: [] }),
        findImage: async () => ({
          config: { entrypoint: [], cmd: [], env: [], workingDir: "/", user: "", stopSignal: "", label: {} },
          manifest: digestOf("kernel"),
          layers: [],
        }),
        findLayout: () => assert.fail("this definition has no layouts"),
        readAccounts: () => assert.fail("this definition has no references"),
      },
    });
    const used = (plan: Plan) => [...new Set(plan.segments.map(({ compression: { algorithm, level } }) => `${algorithm} ${level}`))];
    assert.deepEqual(used(createPlan(resolved, () => "")), ["gzip 4"]);
    assert.deepEqual(used(createPlan(resolved, () => "", { kernelTakesZstd: true })), ["zstd 3"]);
    assert.deepEqual(used(await planOf(os())).sort(), ["zstd 19", "zstd 3"]);
  });
});
