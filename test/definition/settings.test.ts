import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { Image, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";

const init = [debian.init()];
const make = (fields: Partial<ServiceArgs>, more = {}) =>
  new Image({ services: [new Service("a", { image: "x", ...fields } as ServiceArgs)], ...more });
const memory = (fields: object) => ({ resources: { memory: fields } });
const cpu = (fields: object) => ({ resources: { cpu: fields } });
const sysctl = (name: string) => ({ sysctl: { [name]: "1" } });
const big = (bytes: number): string => "x".repeat(bytes);

describe("a setting with which a container cannot start, or that does nothing, is refused", () => {
  for (const [fields, message] of [
    [memory({ swap: 1 << 20 }), "services.a.resources.memory.swap: got 1048576 without a limit: set limit too, which swap includes"],
    [memory({ swap: 0 }), "services.a.resources.memory.swap: got 0 without a limit: set limit too, which swap includes"],
    [
      memory({ limit: 2 << 20, swap: 0 }),
      "services.a.resources.memory.swap: got 0, wanted at least the limit 2097152: it is memory and swap together",
    ],
    [
      memory({ limit: 2 << 20, swap: 1 << 20 }),
      "services.a.resources.memory.swap: got 1048576, wanted at least the limit 2097152: it is memory and swap together",
    ],
    ...Object.entries({ kernel: 1, kernelTCP: 1, swappiness: 0, disableOOMKiller: true }).map(
      ([field, value]) =>
        [
          memory({ [field]: value }),
          `services.a.resources.memory.${field}: got ${value}, which control groups no longer have: leave it out, and set limit`,
        ] as const,
    ),
    ...(["realtimeRuntime", "realtimePeriod"] as const).map(
      (field) =>
        [
          cpu({ [field]: 1000 }),
          `services.a.resources.cpu.${field}: got 1000, which control groups no longer have: leave it out, and set shares or quota`,
        ] as const,
    ),
    [cpu({ shares: 1 }), "services.a.resources.cpu.shares: got 1, wanted 2 to 262144"],
    [cpu({ quota: 999 }), "services.a.resources.cpu.quota: got 999, wanted at least 1000 microseconds"],
    [cpu({ period: 2_000_000 }), "services.a.resources.cpu.period: got 2000000, wanted 1000 to 1000000 microseconds"],
    [cpu({ cpus: "all" }), 'services.a.resources.cpu.cpus: got "all", wanted numbers and ranges as "0-3,6"'],
    [cpu({ cpus: "3-1" }), 'services.a.resources.cpu.cpus: got "3-1", wanted numbers and ranges as "0-3,6"'],
    [cpu({ cpus: "0-8192" }), 'services.a.resources.cpu.cpus: got "0-8192", wanted numbers and ranges as "0-3,6"'],
    [cpu({ mems: "-1" }), 'services.a.resources.cpu.mems: got "-1", wanted numbers and ranges as "0-3,6"'],
    [
      { resources: { network: { classID: 1 } } },
      "services.a.resources.network.classID: marks packets for control groups that no longer do it: leave it out",
    ],
    [
      { resources: { network: { priorities: [{ name: "eth0", priority: 1 }] } } },
      "services.a.resources.network.priorities: marks packets for control groups that no longer do it: leave it out",
    ],
    [
      { resources: { blockio: { leafWeight: 20 } } },
      "services.a.resources.blockio.leafWeight: is not in today's control groups: set weight",
    ],
    [
      { cgroup: "delegated", cgroupsPath: "/shared" },
      'services.a.cgroupsPath: got "/shared" beside cgroup: "delegated", which needs a group of its own: leave it out',
    ],
    [
      { cgroup: "new", sandbox: "linuxkit" },
      'services.a.cgroup: got "new", which LinuxKit does not have: leave out cgroup, or sandbox: "linuxkit"',
    ],
    [
      { ...sysctl("net.core.somaxconn"), net: "host" },
      'services.a.sysctl["net.core.somaxconn"]: needs a network namespace of its own, wanted another net than the machine\'s',
    ],
    [
      { ...sysctl("net/ipv4/ip_forward"), net: "host" },
      "services.a.sysctl.net/ipv4/ip_forward: needs a network namespace of its own, wanted another net than the machine's",
    ],
    [
      { ...sysctl("kernel.shmmax"), ipc: "host" },
      'services.a.sysctl["kernel.shmmax"]: needs an ipc namespace of its own, wanted another ipc than the machine\'s',
    ],
    [
      { ...sysctl("kernel.domainname"), uts: "host" },
      'services.a.sysctl["kernel.domainname"]: needs a uts namespace of its own, wanted another uts than the machine\'s',
    ],
    [sysctl("kernel.hostname"), 'services.a.sysctl["kernel.hostname"]: is the host name: set hostname'],
    [
      sysctl("vm.swappiness"),
      'services.a.sysctl["vm.swappiness"]: is a setting of the whole machine, which no container has of its own: set it by debian.sysctl()',
    ],
    [
      { rlimits: ["nofile,1024,1048577"] },
      'services.a.rlimits[0]: got "nofile,1024,1048577", wanted at most 1048576, or fs.nr_open raised by debian.sysctl()',
    ],
    [
      { rlimits: ["RLIMIT_NOFILE, 1024, unlimited"] },
      'services.a.rlimits[0]: got "RLIMIT_NOFILE, 1024, unlimited", wanted at most 1048576, or fs.nr_open raised by debian.sysctl()',
    ],
    [{ rlimits: ["core,2,1"] }, 'services.a.rlimits[0]: got "core,2,1", wanted a soft limit of at most the hard limit'],
    [
      { env: ["A=1", `B=${big(131_070)}`] },
      "services.a.env[1]: has 131072 bytes, wanted at most 131071, which Linux takes: put it into a file",
    ],
    [
      { command: ["/x", big(131_072)] },
      "services.a.command[1]: has 131072 bytes, wanted at most 131071, which Linux takes: put it into a file",
    ],
    [
      { health: { command: ["/x", big(131_072)] } },
      "services.a.health.command[1]: has 131072 bytes, wanted at most 131071, which Linux takes: put it into a file",
    ],
    [
      { tmpfs: ["/tmp:size=64mb"] },
      'services.a.tmpfs[0]: got the option "size=64mb", wanted bytes, as "size=64m", or a part of the memory, as "size=50%"',
    ],
    [
      { tmpfs: ["/a", "/tmp:nosuid,size"] },
      'services.a.tmpfs[1]: got the option "size", wanted bytes, as "size=64m", or a part of the memory, as "size=50%"',
    ],
    [{ tmpfs: ["/tmp:siez=64m"] }, 'services.a.tmpfs[0]: got the option "siez=64m", which is not one of a tmpfs: did you mean "size"?'],
    [{ tmpfs: ["/tmp:mode=0o777"] }, 'services.a.tmpfs[0]: got the option "mode=0o777", wanted octal digits, as "mode=1777"'],
    [{ tmpfs: ["/tmp:uid=app"] }, 'services.a.tmpfs[0]: got the option "uid=app", wanted a number, as "uid=1000"'],
    [{ tmpfs: ["/tmp:nr_inodes=5%"] }, 'services.a.tmpfs[0]: got the option "nr_inodes=5%", wanted a number, as "nr_inodes=10k"'],
    [{ tmpfs: ["/tmp:noexce"] }, 'services.a.tmpfs[0]: got the option "noexce", which is not one of a tmpfs: did you mean "noexec"?'],
    [
      { mounts: [{ type: "tmpfs", destination: "/c", options: ["nosuid", "size=1mb"] }] },
      'services.a.mounts[0].options[1]: got the option "size=1mb", wanted bytes, as "size=64m", or a part of the memory, as "size=50%"',
    ],
    [{ binds: ["/etc:/x:readonly"] }, 'services.a.binds[0]: got the option "readonly", which is not one of a bind: write "ro"'],
    [{ binds: ["/etc:/x:ro,Z"] }, 'services.a.binds[0]: got the option "Z", which labels files for SELinux: leave it out'],
    [
      { binds: ["/etc:/x:ro,noexecc"] },
      'services.a.binds[0]: got the option "noexecc", which is not one of a bind: did you mean "noexec"?',
    ],
    [
      { mounts: [{ type: "bind", source: "/etc", destination: "/x", options: ["rbind", "size=1m"] }] },
      'services.a.mounts[0].options[1]: got the option "size=1m", which is not one of a bind',
    ],
    [
      { env: Array.from({ length: 20 }, (_, index) => `A${index}=${big(120_000)}`) },
      /^services\.a\.env: has \d+ bytes together with the command, wanted at most 2097152, which Linux takes: put values into files$/,
    ],
  ] as const) {
    test(String(message), () => assert.throws(() => make(fields as never), { code: "INVALID_DEFINITION", message }));
  }
  test("in an image made from packages too, and of a task", () => {
    const image = debian.packages({ packages: ["bash"], resources: { memory: { swappiness: 1 } } });
    assert.throws(() => make({ image }), /^LinuxKitError: services\.a\.resources\.memory\.swappiness: got 1/);
    assert.throws(() => new Image({ onboot: [new OnbootTask("t", { image: "x", sysctl: { "net.core.somaxconn": "1" } })] }), {
      message: /^onboot\.t\.sysctl\["net\.core\.somaxconn"\]: needs a network namespace/,
    });
  });
  test("in LinuxKit's sandbox with the guest's own init", () => {
    const fields = { sandbox: "linuxkit", ...memory({ swappiness: 1 }) } as const;
    assert.throws(() => make(fields, { init }), /swappiness: got 1/);
    assert.ok(make(fields));
    assert.throws(() => make({ sandbox: "linuxkit", ...sysctl("kernel.sem") }, { init }), /needs an ipc namespace/);
    assert.throws(() => make({ sandbox: "linuxkit", tmpfs: ["/a:size=1mb"] }, { init }), /got the option "size=1mb"/);
    // LinuxKit takes an option of a bind that does nothing
    assert.ok(make({ sandbox: "linuxkit", binds: ["/etc:/x:readonly"] }, { init }));
  });
});

describe("a setting with which it can start is taken", () => {
  for (const fields of [
    memory({ limit: 1 << 20, swap: 1 << 20 }),
    memory({ swap: -1 }),
    memory({ limit: 1 << 20, disableOOMKiller: false }),
    cpu({ shares: 262_144, quota: -1, period: 1000, cpus: "0-3,6", mems: "0" }),
    sysctl("net.core.somaxconn"),
    { ...sysctl("net.ipv4.conf.eth0/1.forwarding"), net: "none" },
    { ...sysctl("kernel.shmmax"), ...sysctl("fs.mqueue.msg_max") },
    { tmpfs: ["/tmp", "/a:", "/b:rw,nosuid,size=5M,mode=1777,nr_inodes=10k,uid=0", "/c:size=50%,huge=advise,noswap,rnoexec"] },
    { binds: ["/etc:/x", "/etc:/y:", "/etc:/z:ro,nosuid,rslave", "/etc:/w:rro,rnodev,bind"] },
    { mounts: [{ type: "proc", destination: "/p", options: ["hidepid=2"] }] },
    { rlimits: ["nofile,1048576,1048576", "core,0,unlimited", "as,unlimited,unlimited"] },
    { env: [`A=${big(131_069)}`], command: [big(131_071)] },
    { env: Array.from({ length: 20 }, (_, index) => `A${index}=${big(120_000)}`), rlimits: ["stack,67108864,67108864"] },
  ] as const) {
    test(JSON.stringify(fields).slice(0, 90), () => assert.ok(make(fields as never)));
  }
  test("more open files where a task raises the maximum", () => {
    const onboot = [new OnbootTask("sysctl", { image: debian.sysctl({ "fs.nr_open": 4_000_000 }) })];
    assert.ok(make({ rlimits: ["nofile,2000000,2000000"] }, { onboot }));
  });
});

describe("modules of a container", () => {
  const modules = { modules: ["overlay"] };
  const kernel = (image: string | ReturnType<typeof debian.kernel>) => ({ kernel: { image } });
  test("need Debian's kernel and the guest's own init", () => {
    make(modules, { ...kernel(debian.kernel()), init });
    make(modules, { init });
    make({ modules: [] }, kernel("linuxkit/kernel:6.6"));
    assert.throws(() => make(modules, { ...kernel("linuxkit/kernel:6.6"), init }), {
      message:
        "services.a.modules: has no effect here: wanted the kernel debian.kernel(), or a task that loads them from the image of the kernel",
    });
    assert.throws(() => make(modules, kernel(debian.kernel())), {
      message:
        "services.a.modules: has no effect here: wanted init: [debian.init()], or a task that loads them from the image of the kernel",
    });
  });
});

describe("a service on the machine's network that may forward", () => {
  const engine = (fields: Partial<ServiceArgs>) =>
    new Service("engine", { image: "x", net: "host", capabilities: ["all"], modules: ["bridge"], ...fields });
  const web = new Service("web", { image: "x", publish: ["80"] });
  const os = (...services: Service[]) => new Image({ kernel: { image: debian.kernel() }, init, services });
  const missing =
    "services.engine.forwards: missing, and the firewall of services.web drops what this service forwards: wanted true if it forwards, as a container engine does, else false";
  test("says so beside a service behind the firewall", () => {
    assert.throws(() => os(engine({}), web), { message: missing });
    assert.throws(() => os(engine({ capabilities: ["CAP_NET_ADMIN"], modules: ["br-netfilter"] }), web), { message: missing });
    os(engine({ forwards: true }), web);
    os(engine({ forwards: false }), web);
  });
  test("need not where nothing is dropped, or nothing can be forwarded", () => {
    os(engine({}));
    os(engine({}), new Service("web", { image: "x", net: "none" }));
    os(engine({ modules: ["overlay"] }), web);
    os(engine({ capabilities: ["CAP_SYS_ADMIN"] }), web);
  });
  test("is on that network", () => {
    assert.throws(() => os(new Service("web", { image: "x", publish: ["80"], forwards: true })), {
      message: 'services.web.forwards: has no effect in a network of its own: wanted net: "host", or leave it out',
    });
  });
});
