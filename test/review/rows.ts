import { X509Certificate } from "node:crypto";
import { makeAuthority } from "../../sdk/api/certificate.ts";
import { MASKED_PATHS as HIDDEN } from "../../sdk/definition/sandbox-defaults.ts";
import { debian, File, Image, Kernel, OnbootTask, Service, Volume } from "../../sdk/index.ts";
import { web, webService } from "./definitions.ts";

/** A change of one line, and the findings that it must have, in order. */
export type Row = readonly [name: string, before: Image, after: Image, want: readonly string[]];

const files = (...list: object[]) => debian.packages({ packages: ["nginx-light"], files: list as never });
const db = (fields: object = {}) =>
  new Service("db", { image: debian.packages({ packages: ["postgresql"] }), command: ["postgres"], ...fields });

const filter = (names: string[], defaultAction: "SCMP_ACT_ERRNO" | "SCMP_ACT_LOG" = "SCMP_ACT_ERRNO") => ({
  defaultAction,
  syscalls: [{ names, action: "SCMP_ACT_ALLOW" as const }],
});

const [AUTHORITY, OTHER_AUTHORITY] = ["one", "other"].map((name) => makeAuthority(name, 1).certificate) as [string, string];
const fingerprint = (pem: string): string => `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase()}`;

const kernel = (cmdline: string) => new Kernel({ image: debian.kernel(), cmdline });

const certificate = (base64: string) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
const api = (authorities: string[]) => ({
  port: 7000,
  clientCa: authorities.map(certificate).join(""),
  certificate: certificate("CCCC"),
  key: "-----BEGIN PRIVATE KEY-----\nDDDD\n-----END PRIVATE KEY-----\n",
});

const YAML = `kernel:
  image: linuxkit/kernel:6.6.71
  cmdline: "console=tty0 console=ttyS0"
init:
  - linuxkit/init:8eea386739975a43af558eec757a7dcb3a3d2e7b
onboot:
  - name: dhcpcd
    image: linuxkit/dhcpcd:157df9ef45a035f1542ec2270e374f18efef98a5
    command: ["/sbin/dhcpcd", "--nobackground", "-1"]
services:
  - name: nginx
    image: nginx:1.19.5-alpine
    command: [nginx, -g, "daemon off;"]
    capabilities: [CAP_NET_BIND_SERVICE]
    binds: ["/etc/resolv.conf:/etc/resolv.conf"]
`;

const REORDERED = `# the same system
services:
  - image: "nginx:1.19.5-alpine"
    binds:
      - /etc/resolv.conf:/etc/resolv.conf
    capabilities:
      - CAP_NET_BIND_SERVICE
    command:
      - nginx
      - -g
      - daemon off;
    name: nginx
onboot:
  - name: dhcpcd
    command: [/sbin/dhcpcd, --nobackground, "-1"]
    image: linuxkit/dhcpcd:157df9ef45a035f1542ec2270e374f18efef98a5
init: ["linuxkit/init:8eea386739975a43af558eec757a7dcb3a3d2e7b"]
kernel:
  cmdline: console=tty0   console=ttyS0
  image: linuxkit/kernel:6.6.71
`;

export const ROWS: readonly Row[] = [
  [
    "a capability more",
    web({ capabilities: ["CAP_KILL"] }),
    web({ capabilities: ["CAP_KILL", "CAP_CHOWN"] }),
    ["widens services.web: capability CAP_CHOWN added"],
  ],
  [
    "a capability less",
    web({ capabilities: ["CAP_KILL", "CAP_CHOWN"] }),
    web({ capabilities: ["CAP_KILL"] }),
    ["narrows services.web: capability CAP_CHOWN removed"],
  ],
  [
    "the same capabilities in another order",
    web({ capabilities: ["CAP_CHOWN", "CAP_KILL"] }),
    web({ capabilities: ["CAP_KILL", "CAP_CHOWN"] }),
    [],
  ],
  ["an ambient capability", web(), web({ ambient: ["CAP_KILL"] }), ["widens services.web: ambient capability CAP_KILL added"]],
  [
    "the machine's network",
    web({ health: { command: ["true"] } }),
    web({ health: { command: ["true"] }, net: "host" }),
    ["widens services.web: network: host instead of private"],
  ],
  [
    "no network",
    web({ health: { command: ["true"] } }),
    web({ health: { command: ["true"] }, net: "none" }),
    ["narrows services.web: network: none instead of private"],
  ],
  ["the machine's processes", web(), web({ pid: "host" }), ["widens services.web: pid namespace: host instead of new"]],
  ["the machine's IPC", web(), web({ ipc: "host" }), ["widens services.web: ipc namespace: host instead of new"]],
  ["the machine's name", web(), web({ uts: "host" }), ["widens services.web: uts namespace: host instead of new"]],
  ["users of its own", web(), web({ userns: "private" }), ["narrows services.web: user namespace: private instead of none"]],
  [
    "another port",
    web(),
    web({ health: { http: { port: 8081 } } }),
    [
      "widens services.web: port 8081/tcp added: to its port 8081",
      "narrows services.web: port 8080/tcp removed: to its port 8080",
      "neutral services.web: health check changed from GET :8080/ answers 200 to GET :8081/ answers 200",
    ],
  ],
  ["a port more", web(), web({ publish: ["8080", "443:8443"] }), ["widens services.web: port 443/tcp added: to its port 8443"]],
  ["the port that it has anyway", web(), web({ publish: ["8080"] }), []],
  [
    "the same port inside, another outside",
    web({ publish: ["8080"] }),
    web({ publish: ["80:8080"] }),
    ["widens services.web: port 80/tcp added: to its port 8080", "narrows services.web: port 8080/tcp removed: to its port 8080"],
  ],
  [
    "egress to a network",
    web(),
    web({ egress: [{ to: "10.0.0.0/8", port: 443 }] }),
    ["widens services.web: egress to 10.0.0.0/8:443 added"],
  ],
  [
    "egress to anything",
    web({ egress: [{ to: "10.0.0.1" }] }),
    web({ egress: [{ to: "10.0.0.1" }, { to: "any" }] }),
    ["widens services.web: egress to any added"],
  ],
  [
    "a bind of the machine's files",
    web(),
    web({ binds: ["/etc:/host-etc:ro"] }),
    ["widens services.web: bind /etc at /host-etc added: ro"],
  ],
  [
    "a bind that becomes writable",
    web({ binds: ["/etc:/host-etc:ro"] }),
    web({ binds: ["/etc:/host-etc"] }),
    ["widens services.web: bind /etc at /host-etc changed from ro to rw"],
  ],
  ["a bind with the same options in another order", web({ binds: ["/etc:/x:ro,nosuid"] }), web({ binds: ["/etc:/x:nosuid,ro"] }), []],
  [
    "another folder at the same place",
    web({ binds: ["/srv:/x:ro"] }),
    web({ binds: ["/:/x:ro"] }),
    ["widens services.web: bind / at /x added: ro", "narrows services.web: bind /srv at /x removed: ro"],
  ],
  [
    "an option that undoes another",
    web({ binds: ["/srv:/x:ro"] }),
    web({ binds: ["/srv:/x:ro,rw"] }),
    ["widens services.web: bind /srv at /x changed from ro to rw"],
  ],
  [
    "a bind that allows setuid programs",
    web({ binds: ["/srv:/x:ro,nosuid"] }),
    web({ binds: ["/srv:/x:ro"] }),
    ["widens services.web: nosuid of bind /srv at /x removed"],
  ],
  [
    "a bind whose mounts the machine sees",
    web({ binds: ["/srv:/x:ro"] }),
    web({ binds: ["/srv:/x:ro,rshared"] }),
    ["widens services.web: bind /srv at /x changed from ro to ro,rshared"],
  ],
  [
    "a mount that becomes writable",
    web({ mounts: [{ type: "sysfs", options: ["ro"] }] }),
    web({ mounts: [{ type: "sysfs" }] }),
    ["widens services.web: mount sysfs at /sys changed from ro to nothing"],
  ],
  [
    "another disk at the same place",
    web({ mounts: [{ type: "ext4", source: "/dev/vdb", destination: "/d" }] }),
    web({ mounts: [{ type: "ext4", source: "/dev/vda", destination: "/d" }] }),
    ["widens services.web: mount ext4 /dev/vda at /d added", "narrows services.web: mount ext4 /dev/vdb at /d removed"],
  ],
  [
    "users shifted on a mount",
    web({ mounts: [{ type: "bind", source: "/a", destination: "/d" }] }),
    web({ mounts: [{ type: "bind", source: "/a", destination: "/d", uidmappings: [{ containerID: 0, hostID: 0, size: 9 }] }] }),
    ["widens services.web: id mapping uidmappings 0 to 0, 9 ids added"],
  ],
  [
    "memory with setuid programs",
    web({ tmpfs: ["/tmp"] }),
    web({ tmpfs: ["/tmp:suid"] }),
    ["widens services.web: suid of tmpfs /tmp added"],
  ],
  ["memory without them, written out", web({ tmpfs: ["/tmp"] }), web({ tmpfs: ["/tmp:nosuid,nodev"] }), []],
  [
    "another device by the same name",
    web({ devices: [{ path: "/dev/x", type: "c", major: 1, minor: 3, mode: "0600" }] }),
    web({ devices: [{ path: "/dev/x", type: "c", major: 1, minor: 1, mode: "0600" }] }),
    ["widens services.web: device /dev/x: c 1 1 added: 0600", "narrows services.web: device /dev/x: c 1 3 removed: 0600"],
  ],
  [
    "a device that more may open",
    web({ devices: [{ path: "/dev/x", type: "c", major: 1, minor: 3, mode: "0600" }] }),
    web({ devices: [{ path: "/dev/x", type: "c", major: 1, minor: 3, mode: "0666" }] }),
    ["widens services.web: device /dev/x: c 1 3 changed from 0600 to 0666"],
  ],
  [
    "a second kind of device",
    web({ devices: [{ path: "all", type: "b" }] }),
    web({
      devices: [
        { path: "all", type: "c" },
        { path: "all", type: "b" },
      ],
    }),
    ["widens services.web: device all: c * * added"],
  ],
  [
    "more of the machine's ids",
    web({ userns: "new", uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }] }),
    web({ userns: "new", uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] }),
    [
      "widens services.web: id mapping uidMappings 0 to 0, 1 ids added",
      "narrows services.web: id mapping uidMappings 0 to 1000, 1 ids removed",
    ],
  ],
  ["a mount of memory", web(), web({ tmpfs: ["/tmp"] }), ["neutral services.web: tmpfs /tmp added"]],
  [
    "another size of it",
    web({ tmpfs: ["/tmp:size=1m"] }),
    web({ tmpfs: ["/tmp:size=2m"] }),
    ["neutral services.web: tmpfs /tmp changed from size=1m to size=2m"],
  ],
  [
    "a device",
    web(),
    web({ devices: [{ path: "/dev/kvm", type: "c", major: 10, minor: 232, mode: "0660" }] }),
    ["widens services.web: device /dev/kvm: c 10 232 added: 0660"],
  ],
  ["a writable root", web(), web({ readonly: false }), ["widens services.web: writable root added"]],
  ["a read-only root, which is the default", web(), web({ readonly: true }), []],
  ["new privileges", web(), web({ noNewPrivileges: false }), ["widens services.web: new privileges by setuid programs added"]],
  ["every system call", web(), web({ seccomp: "unconfined" }), ["widens services.web: seccomp profile: unconfined instead of default"]],
  ["a module", web(), web({ modules: ["overlay"] }), ["widens services.web: kernel module overlay added"]],
  ["control groups of its own", web(), web({ cgroup: "delegated" }), ["widens services.web: control groups: delegated instead of new"]],
  [
    "all control groups",
    web({ cgroup: "delegated" }),
    web({ cgroup: "host" }),
    ["widens services.web: control groups changed from delegated to host"],
  ],
  [
    "one system call more",
    web({ seccomp: { base: "default", allow: ["keyctl"] } }),
    web({ seccomp: { base: "default", allow: ["add_key", "keyctl"] } }),
    ["widens services.web: system call add_key added"],
  ],
  [
    "a system call more in a filter of its own",
    web({ seccomp: filter(["read"]) }),
    web({ seccomp: filter(["mount", "read"]) }),
    ["widens services.web: system call mount added"],
  ],
  ["its system calls in another order", web({ seccomp: filter(["read", "write"]) }), web({ seccomp: filter(["write", "read"]) }), []],
  [
    "every call that it does not name",
    web({ seccomp: filter(["read"]) }),
    web({ seccomp: filter(["read"], "SCMP_ACT_LOG") }),
    ["widens services.web: other system calls changed from SCMP_ACT_ERRNO to SCMP_ACT_LOG"],
  ],
  [
    "a filter of its own",
    web(),
    web({ seccomp: filter(["read", "mount"]) }),
    ["widens services.web: seccomp profile: a profile of its own instead of default"],
  ],
  [
    "no filter instead of its own",
    web({ seccomp: filter(["read", "mount"]) }),
    web({ seccomp: "unconfined" }),
    ["widens services.web: seccomp profile changed from a profile of its own to unconfined"],
  ],
  [
    "the default filter with one more instead of none",
    web({ seccomp: "unconfined" }),
    web({ seccomp: { base: "default", allow: ["keyctl"] } }),
    ["narrows services.web: seccomp profile: default instead of unconfined"],
  ],
  [
    "a system call that is no longer refused",
    web({ seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["bpf", "mount"], action: "SCMP_ACT_ERRNO" }] } }),
    web({ seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mount"], action: "SCMP_ACT_ERRNO" }] } }),
    ["widens services.web: refusal of system call bpf removed"],
  ],
  [
    "other architectures",
    web({ seccomp: filter(["read"]) }),
    web({ seccomp: { ...filter(["read"]), architectures: ["SCMP_ARCH_X86"] } }),
    ["widens services.web: system calls of SCMP_ARCH_X86 added"],
  ],
  ["the default system calls by name", web(), web({ seccomp: "default" }), []],
  ["another user", web(), web({ uid: 1000 }), ["narrows services.web: user: 1000 instead of the image's"]],
  ["root", web({ uid: 1000 }), web({ uid: 0 }), ["widens services.web: user changed from 1000 to 0"]],
  ["a group more", web(), web({ additionalGids: [44] }), ["widens services.web: group 44 added"]],
  [
    "a limit of memory",
    web(),
    web({ resources: { memory: { limit: 1 << 26 } } }),
    ["narrows services.web: memory limit: 67108864 instead of no limit"],
  ],
  [
    "a higher limit of memory",
    web({ resources: { memory: { limit: 1 << 26 } } }),
    web({ resources: { memory: { limit: 1 << 27 } } }),
    ["widens services.web: memory limit changed from 67108864 to 134217728"],
  ],
  [
    "no limit of processes",
    web(),
    web({ resources: { pids: { limit: -1 } } }),
    ["widens services.web: pids limit changed from 1024 to -1"],
  ],
  ["the usual limit of processes", web(), web({ resources: { pids: { limit: 1024 } } }), []],
  [
    "a share of the processors",
    web({ resources: { cpu: { shares: 512 } } }),
    web({ resources: { cpu: { shares: 1024 } } }),
    ["neutral services.web: cpu shares changed from 512 to 1024"],
  ],
  [
    "a limit of open files",
    web({ rlimits: ["nofile,1024,1024"] }),
    web({ rlimits: ["nofile,1024,4096"] }),
    ["widens services.web: limit nofile changed from 1024,1024 to 1024,4096"],
  ],
  ["the same limit by another name", web({ rlimits: ["nofile,1024,1024"] }), web({ rlimits: ["RLIMIT_NOFILE, 1024, 1024"] }), []],
  [
    "a hidden path more",
    web(),
    web({ maskedPaths: HIDDEN.concat("/sys/kernel") }),
    ["narrows services.web: hidden path /sys/kernel added"],
  ],
  [
    "a hidden path that is seen",
    web(),
    web({ maskedPaths: HIDDEN.filter((path) => path !== "/proc/kcore") }),
    ["widens services.web: sight of /proc/kcore added"],
  ],
  [
    "another command",
    web(),
    web({ command: ["nginx", "-g", "daemon off;"] }),
    ["neutral services.web: command changed from nginx to nginx -g daemon off;"],
  ],
  ["an environment variable", web(), web({ env: ["A=1"] }), ["neutral services.web: environment variable A added: 1"]],
  [
    "another value of it",
    web({ env: ["A=1", "B=2"] }),
    web({ env: ["B=2", "A=3"] }),
    ["neutral services.web: environment variable A changed from 1 to 3"],
  ],
  [
    "a password in the environment",
    web({ env: ["PASSWORD=correct-horse"] }),
    web({ env: ["PASSWORD=battery-staple"] }),
    ["neutral services.web: environment variable PASSWORD changed"],
  ],
  ["a secret", web(), web({ secrets: { key: "value" } }), ["widens services.web: secret key added"]],
  ["another value of a secret", web({ secrets: { key: "value" } }), web({ secrets: { key: "other" } }), []],
  [
    "another health check",
    web(),
    web({ health: { tcp: { port: 8080 } } }),
    ["neutral services.web: health check changed from GET :8080/ answers 200 to a connection to port 8080"],
  ],
  [
    "a check over TLS",
    web(),
    web({ health: { https: { port: 8080, caSecret: "ca" } }, secrets: { ca: "" } }),
    [
      "widens services.web: secret ca added",
      "neutral services.web: health check changed from GET :8080/ answers 200 to GET https://localhost:8080/ answers 200",
      "neutral services.web: health check authority added: the secret ca",
    ],
  ],
  [
    "another authority of a check",
    web({ health: { https: { port: 8080, ca: AUTHORITY } } }),
    web({ health: { https: { port: 8080, ca: OTHER_AUTHORITY, serverName: "localhost" } } }),
    [`neutral services.web: health check authority changed from ${fingerprint(AUTHORITY)} to ${fingerprint(OTHER_AUTHORITY)}`],
  ],
  [
    "a quicker health check",
    web(),
    web({ health: { http: { port: 8080 }, interval: 1 } }),
    ["neutral services.web: health check interval added: 1"],
  ],
  ["another signal to stop", web(), web({ stopSignal: "SIGQUIT" }), ["neutral services.web: stopSignal added: SIGQUIT"]],
  [
    "the usual times of a check, restart and stop, written out",
    web(),
    web({
      health: { http: { port: 8080, path: "/", status: 200 }, interval: 5, timeout: 5, retries: 3 },
      restart: "always",
      stopTimeout: 10,
    }),
    [],
  ],
  [
    "egress with the usual protocol",
    web({ egress: [{ to: "10.0.0.1", port: 443 }] }),
    web({ egress: [{ to: "10.0.0.1", port: 443, protocol: "tcp" }] }),
    [],
  ],
  [
    "LinuxKit's YAML with another command",
    Image.fromYaml(YAML),
    Image.fromYaml(YAML.replace("nginx, -g", "nginx, -t, -g")),
    ["neutral services.nginx: command changed from nginx -g daemon off; to nginx -t -g daemon off;"],
  ],
  ["LinuxKit's YAML, commented and reordered", Image.fromYaml(YAML), Image.fromYaml(REORDERED), []],
  [
    "LinuxKit's YAML with a capability",
    Image.fromYaml(YAML),
    Image.fromYaml(YAML.replace("[CAP_NET_BIND_SERVICE]", "[CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN]")),
    ["widens services.nginx: capability CAP_SYS_ADMIN added"],
  ],
  [
    "LinuxKit's YAML with a read-only root",
    Image.fromYaml(YAML),
    Image.fromYaml(`${YAML}    readonly: true\n`),
    ["narrows services.nginx: writable root removed"],
  ],
  ["no restart", web(), web({ restart: "never" }), ["neutral services.web: restart added: never"]],
  ["a larger log", web(), web({ log: { size: 1 << 20 } }), ["neutral services.web: log size added: 1048576"]],
  [
    "LinuxKit's label",
    web({ image: `nginx@sha256:${"a".repeat(64)}` }),
    web({ image: `nginx@sha256:${"a".repeat(64)}`, label: "allow" }),
    ["widens services.web: label: allow instead of narrow"],
  ],
  [
    "another tag",
    web({ image: "nginx:1.27" }),
    web({ image: "nginx:1.28" }),
    ["neutral services.web: image changed from nginx:1.27 to nginx:1.28"],
  ],
  [
    "a digest",
    web({ image: "nginx:1.27" }),
    web({ image: `nginx:1.27@sha256:${"a".repeat(64)}` }),
    [
      "narrows services.web: image changed from nginx:1.27 to nginx:1.27@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…",
    ],
  ],
  [
    "a package more",
    web(),
    web({ image: debian.packages({ packages: ["nginx-light", "curl"], files: [{ path: "/etc/nginx.conf", contents: "a\nb\nc\n" }] }) }),
    ["neutral services.web: package curl added"],
  ],
  [
    "every dependency",
    web({ image: debian.packages({ packages: ["nginx-light"] }) }),
    web({ image: debian.packages({ packages: ["nginx-light"], dependencies: "all" }) }),
    ["widens services.web: dependencies: all instead of slim"],
  ],
  [
    "a line of a file of an image",
    web(),
    web({ image: files({ path: "/etc/nginx.conf", contents: "a\nB\nc\n" }) }),
    ["neutral services.web: contents of /etc/nginx.conf changed"],
  ],
  [
    "a file of an image",
    web({ image: files() }),
    web({ image: files({ path: "/etc/motd", contents: "hello" }) }),
    ["neutral services.web: file /etc/motd added"],
  ],
  [
    "a setuid file of an image",
    web({ image: files({ path: "/x", contents: "", mode: "0755" }) }),
    web({ image: files({ path: "/x", contents: "", mode: "4755" }) }),
    ["widens services.web: mode of /x changed from 0755 to 4755"],
  ],
  ["a service", web(), web({}, { services: [webService(), db()] }), ["neutral services.db: service db added"]],
  [
    "a service with access",
    web(),
    web({}, { services: [webService(), db({ pid: "host", binds: ["/:/host:ro"] })] }),
    [
      "widens services.db: bind / at /host added: ro",
      "widens services.db: pid namespace: host instead of new",
      "neutral services.db: service db added",
    ],
  ],
  [
    "no service",
    web({}, { services: [webService(), db({ egress: [{ to: "any" }] })] }),
    web(),
    ["narrows services.db: egress to any removed", "neutral services.db: service db removed"],
  ],
  ["the services in another order", web({}, { services: [webService(), db()] }), web({}, { services: [db(), webService()] }), []],
  [
    "a service that starts after another",
    web({}, { services: [webService(), db()] }),
    web({}, { services: [webService({ after: ["db"] }), db()] }),
    ["neutral services.web: start after db added"],
  ],
  [
    "a task",
    web(),
    web(
      {},
      {
        onboot: [
          new OnbootTask("dhcp", { image: debian.dhcp() }),
          new OnbootTask("greet", { image: debian.packages({ packages: ["busybox-static"] }), command: ["busybox", "echo"] }),
        ],
      },
    ),
    ["neutral onboot.greet: onboot task greet added"],
  ],
  [
    "two tasks in another order",
    web({}, { onboot: [new OnbootTask("a", { image: debian.dhcp() }), new OnbootTask("b", { image: debian.dhcp() })] }),
    web({}, { onboot: [new OnbootTask("b", { image: debian.dhcp() }), new OnbootTask("a", { image: debian.dhcp() })] }),
    ["neutral order.onboot: order of the onboot tasks changed from a, b to b, a"],
  ],
  [
    "a word of the command line",
    web(),
    web({}, { kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 quiet" }) }),
    ["neutral kernel: kernel parameter quiet added"],
  ],
  [
    "a word that weakens the kernel",
    web(),
    web({}, { kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 nokaslr" }) }),
    ["widens kernel: kernel parameter nokaslr added"],
  ],
  [
    "a word that hardens the kernel",
    web(),
    web({}, { kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 init_on_alloc=1" }) }),
    ["narrows kernel: kernel parameter init_on_alloc added: 1"],
  ],
  [
    "the words in another order",
    web({}, { kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 quiet" }) }),
    web({}, { kernel: new Kernel({ image: debian.kernel(), cmdline: "quiet  console=ttyS0" }) }),
    [],
  ],
  [
    "a kernel module",
    web({}, { kernel: new Kernel({ image: debian.kernel({ modules: ["virtio_net"] }), cmdline: "console=ttyS0" }) }),
    web({}, { kernel: new Kernel({ image: debian.kernel({ modules: ["virtio_net", "wireguard"] }), cmdline: "console=ttyS0" }) }),
    ["widens kernel: kernel module wireguard added"],
  ],
  ["hardening", web(), web({}, { harden: {} }), ["narrows harden: hardening profile: default instead of none"]],
  [
    "stricter hardening",
    web({}, { harden: {} }),
    web({}, { harden: { profile: "strict" } }),
    ["narrows harden: hardening profile changed from default to strict"],
  ],
  [
    "a waiver",
    web({}, { harden: {} }),
    web({}, { harden: { waive: { init_on_alloc: "slow" } } }),
    ["widens harden: waiver of init_on_alloc added: slow"],
  ],
  ["a volume", web(), web({}, { volumes: [new Volume("data")] }), ["neutral volumes.data: volume data added"]],
  [
    "a disk for a volume",
    web({}, { volumes: [new Volume("data")] }),
    web({}, { volumes: [new Volume("data", { persistent: {} })] }),
    ["breaks volumes.data: disk of its own added"],
  ],
  [
    "another label of a disk",
    web({}, { volumes: [new Volume("data", { persistent: {} })] }),
    web({}, { volumes: [new Volume("data", { persistent: { label: "other" } })] }),
    ["breaks volumes.data: label of the disk changed from data to other"],
  ],
  [
    "a file of the machine",
    web(),
    web({}, { files: [new File("/etc/motd", { contents: "hello" })] }),
    ["neutral files.etc/motd: file /etc/motd added"],
  ],
  [
    "a line of it",
    web({}, { files: [new File("/etc/motd", { contents: "a\nb\n" })] }),
    web({}, { files: [new File("/etc/motd", { contents: "a\nc\n" })] }),
    ["neutral files.etc/motd: contents of /etc/motd changed"],
  ],
  [
    "a mode of it",
    web({}, { files: [new File("/etc/motd", { contents: "a" })] }),
    web({}, { files: [new File("/etc/motd", { contents: "a", mode: "0644" })] }),
    ["widens files.etc/motd: mode of /etc/motd changed from 0600 to 0644"],
  ],
  [
    "its path written otherwise",
    web({}, { files: [new File("/etc/motd", { contents: "a" })] }),
    web({}, { files: [new File("etc//motd", { contents: "a" })] }),
    [],
  ],
  [
    "a private key in a file",
    web({}, { files: [new File("/k", { contents: "-----BEGIN PRIVATE KEY-----\nAA\n" })] }),
    web({}, { files: [new File("/k", { contents: "-----BEGIN PRIVATE KEY-----\nBB\n" })] }),
    ["neutral files.k: contents of /k changed"],
  ],
  ["the port of /healthz", web(), web({}, { healthPort: 9000 }), ["widens healthPort: port of /healthz added: 9000"]],
  ["the image's user instead of another", web({ uid: 1000 }), web(), ["widens services.web: user: the image's instead of 1000"]],
  [
    "another port inside",
    web({ publish: ["8080:80"] }),
    web({ publish: ["8080:22"] }),
    ["widens services.web: port 8080/tcp added: to its port 22", "narrows services.web: port 8080/tcp removed: to its port 80"],
  ],
  [
    "another folder that the machine makes",
    web({ runtime: { mkdir: ["/a", "/b"] } }),
    web({ runtime: { mkdir: ["/etc/x", "/b"] } }),
    ["widens services.web: action of the machine mkdir /etc/x added", "narrows services.web: action of the machine mkdir /a removed"],
  ],
  ["the actions of the machine in another order", web({ runtime: { mkdir: ["/a", "/b"] } }), web({ runtime: { mkdir: ["/b", "/a"] } }), []],
  [
    "another folder that the machine mounts",
    web({ runtime: { mounts: [{ type: "bind", source: "/a", destination: "/b", options: ["bind"] }] } }),
    web({ runtime: { mounts: [{ type: "bind", source: "/", destination: "/b", options: ["bind"] }] } }),
    [
      "widens services.web: action of the machine mount bind / at /b added: bind",
      "narrows services.web: action of the machine mount bind /a at /b removed: bind",
    ],
  ],
  [
    "a rule on devices with another access",
    web({ resources: { devices: [{ allow: true, type: "c", access: "r" }] } }),
    web({ resources: { devices: [{ allow: true, type: "c", access: "w" }] } }),
    ["widens services.web: device rule allow c *:* w added", "narrows services.web: device rule allow c *:* r removed"],
  ],
  [
    "a rule that denies less",
    web({ resources: { devices: [{ allow: false, access: "rw" }] } }),
    web({ resources: { devices: [{ allow: false, access: "r" }] } }),
    ["widens services.web: device rule deny a *:* w removed"],
  ],
  [
    "rules on devices in another order",
    web({ resources: { devices: [{ allow: true, type: "c", access: "r" }, { allow: false }] } }),
    web({ resources: { devices: [{ allow: false }, { allow: true, type: "c", access: "r" }] } }),
    ["neutral services.web: order of the device rules changed from allow c *:* r, deny a *:* mrw to deny a *:* mrw, allow c *:* r"],
  ],
  [
    "a shorter period of the same quota",
    web({ resources: { cpu: { quota: 50_000 } } }),
    web({ resources: { cpu: { quota: 50_000, period: 10_000 } } }),
    ["widens services.web: cpu period: 10000 instead of no limit"],
  ],
  [
    "a limit of huge pages",
    web(),
    web({ resources: { hugepageLimits: [{ pageSize: "2MB", limit: 1 << 21 }] } }),
    ["narrows services.web: huge pages of 2MB: 2097152 instead of no limit"],
  ],
  [
    "a faster disk",
    web({ resources: { blockio: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] } } }),
    web({ resources: { blockio: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 2 }] } } }),
    ["widens services.web: blockio throttleReadBpsDevice 8:0 rate changed from 1 to 2"],
  ],
  [
    "no limit of locked memory",
    web(),
    web({ rlimits: ["memlock,unlimited,unlimited"] }),
    ["widens services.web: limit memlock added: unlimited,unlimited"],
  ],
  [
    "root by another name",
    web({ image: debian.packages({ packages: ["nginx-light"], users: [{ name: "app", uid: 1000 }] }) }),
    web({ image: debian.packages({ packages: ["nginx-light"], users: [{ name: "app", uid: 0 }] }) }),
    ['widens services.web: user app changed from {"uid":1000} to {"uid":0}'],
  ],
  [
    "a member of a group",
    web({ image: debian.packages({ packages: ["nginx-light"], groups: [{ name: "disk", gid: 6 }] }) }),
    web({ image: debian.packages({ packages: ["nginx-light"], groups: [{ name: "disk", gid: 6, members: ["app"] }] }) }),
    ["widens services.web: app in group disk added"],
  ],
  [
    "the images of init in another order",
    web({}, { init: [debian.init(), "a:1", "b:1"] }),
    web({}, { init: [debian.init(), "b:1", "a:1"] }),
    ["neutral order.init: order of the init images changed from debian init, a:1, b:1 to debian init, b:1, a:1"],
  ],
  ["an image of init", web(), web({}, { init: [debian.init(), "a:1"] }), ["widens init: init image a:1 added"]],
  [
    "another first program",
    web(),
    web({}, { kernel: kernel("console=ttyS0 rdinit=/bin/sh") }),
    ["widens kernel: kernel parameter rdinit added: /bin/sh"],
  ],
  [
    "a protection switched off",
    web(),
    web({}, { kernel: kernel("console=ttyS0 apparmor=0") }),
    ["widens kernel: kernel parameter apparmor added: 0"],
  ],
  [
    "a protection that is on anyway",
    web(),
    web({}, { kernel: kernel("console=ttyS0 apparmor=1") }),
    ["neutral kernel: kernel parameter apparmor added: 1"],
  ],
  [
    "a word that a later one undoes",
    web({}, { kernel: kernel("init_on_alloc=1") }),
    web({}, { kernel: kernel("init_on_alloc=1 init_on_alloc=0") }),
    ["widens kernel: kernel parameter init_on_alloc changed from 1 to 1 0"],
  ],
  [
    "a word that undoes an earlier one",
    web({}, { kernel: kernel("init_on_alloc=1") }),
    web({}, { kernel: kernel("init_on_alloc=0 init_on_alloc=1") }),
    ["neutral kernel: kernel parameter init_on_alloc changed from 1 to 0 1"],
  ],
  ["a word with - for _", web({}, { kernel: kernel("slab_nomerge") }), web({}, { kernel: kernel("slab-nomerge") }), []],
  [
    "the default profile's value",
    web({}, { kernel: kernel("mitigations=auto,nosmt") }),
    web({}, { kernel: kernel("mitigations=auto") }),
    ["widens kernel: kernel parameter mitigations changed from auto,nosmt to auto"],
  ],
  [
    "a password on the command line",
    web(),
    web({}, { kernel: kernel("console=ttyS0 app.password=correct-horse") }),
    ["neutral kernel: kernel parameter app.password added"],
  ],
  [
    "a token in an annotation",
    web(),
    web({ annotations: { "api-token": "correct-horse" } }),
    ["neutral services.web: annotations api-token added"],
  ],
  [
    "a password of a health check",
    web({ publish: ["8080"] }),
    web({ publish: ["8080"], health: { command: ["psql", "--password=correct-horse"] } }),
    ["neutral services.web: health check changed"],
  ],
  [
    "another authority of the interface's clients",
    web({}, { api: api(["AAAA"]) }),
    web({}, { api: api(["BBBB"]) }),
    [
      "widens api: authority of the interface's clients 09c08a63fc2b11a5 added",
      "narrows api: authority of the interface's clients 709e80c88487a241 removed",
    ],
  ],
  [
    "an authority more",
    web({}, { api: api(["AAAA"]) }),
    web({}, { api: api(["AAAA", "BBBB"]) }),
    ["widens api: authority of the interface's clients 09c08a63fc2b11a5 added"],
  ],
  ["an interface", web(), web({}, { api: api(["AAAA"]) }), ["widens api: interface of the machine added: port 7000"]],
];
