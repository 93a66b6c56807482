import assert from "node:assert/strict";
import { test } from "node:test";
import { RunError } from "@pulumi/pulumi";
import { isLinuxKitError, LinuxKitError } from "../../sdk/core/errors.ts";
import {
  debian,
  File,
  harden,
  Image,
  type ImageArgs,
  Kernel,
  OnbootTask,
  OnshutdownTask,
  Service,
  type ServiceArgs,
  Volume,
} from "../../sdk/index.ts";

/*
 * What somebody writes in the first hour, as JavaScript or past the compiler: the message names the place and what to write,
 * and what it says to write works.
 */

const KERNEL = { kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] };
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlgqFoHjnBbBqrJ2h8o9xLzqQbqz4T0yO7c1mG3nLq0 me@example.com";

const service = (args: object) => new Service("a", { image: "x", ...args } as ServiceArgs);
const inImage = (args: object, more: ImageArgs = {}) =>
  new Image({ ...KERNEL, ...more, services: [service(args), ...(more.services ?? [])] });
const file = (args: object) => new File("/x", args as never);
const db = new Service("db", { image: "x", health: { tcp: { port: 5432 } } });

type Row = readonly [name: string, wrong: () => unknown, message: RegExp, mended: () => unknown];

/** A field of a service with a wrong value, and with the one that the message asks for. */
const field = (name: string, wrong: unknown, message: RegExp, mended: unknown, mendedName = name): Row => [
  `${name}: ${JSON.stringify(wrong)}`,
  () => service({ [name]: wrong }),
  message,
  () => service({ [mendedName]: mended }),
];

const ROWS: readonly Row[] = [
  // names
  field("retsart", "always", /^services\.a\.retsart: unknown property: did you mean "restart"\?$/, "always", "restart"),
  field("ports", ["80:80"], /^services\.a\.ports: unknown property: it is called "publish" here$/, ["80:80"], "publish"),
  field("environment", { A: "b" }, /it is called "env" here$/, { A: "b" }, "env"),
  field("depends_on", ["db"], /it is called "after" here$/, ["db"], "after"),
  field("dependsOn", ["db"], /it is called "after" here$/, ["db"], "after"),
  field("healthcheck", { tcp: { port: 80 } }, /it is called "health" here$/, { tcp: { port: 80 } }, "health"),
  field("livenessProbe", { tcp: { port: 80 } }, /it is called "health" here$/, { tcp: { port: 80 } }, "health"),
  field("entrypoint", ["x"], /it is called "command" here$/, ["x"], "command"),
  field("cmd", ["x"], /it is called "command" here$/, ["x"], "command"),
  field("args", ["x"], /it is called "command" here$/, ["x"], "command"),
  field("volumes", ["/data:/data"], /it is called "binds" here$/, ["/data:/data"], "binds"),
  field("user", "root", /it is called "uid" here$/, "root", "uid"),
  field("working_dir", "/app", /it is called "cwd" here$/, "/app", "cwd"),
  field("workdir", "/app", /it is called "cwd" here$/, "/app", "cwd"),
  field("cap_add", ["CAP_CHOWN"], /it is called "capabilities" here$/, ["CAP_CHOWN"], "capabilities"),
  field("network", "host", /it is called "net" here$/, "host", "net"),
  field("network_mode", "host", /it is called "net" here$/, "host", "net"),
  field("read_only", true, /it is called "readonly" here$/, true, "readonly"),
  field("sysctls", {}, /it is called "sysctl" here$/, {}, "sysctl"),
  field("ulimits", ["nofile,1,2"], /it is called "rlimits" here$/, ["nofile,1,2"], "rlimits"),
  field("logging", {}, /it is called "log" here$/, {}, "log"),
  field("stop_signal", "SIGQUIT", /it is called "stopSignal" here$/, "SIGQUIT", "stopSignal"),
  field("restartPolicy", "always", /it is called "restart" here$/, "always", "restart"),
  field("mem_limit", 1, /it is called "resources" here$/, { memory: { limit: 67108864 } }, "resources"),
  // values
  field("restart", "allways", /got "allways", wanted one of "always", "on-failure", "never": did you mean "always"\?$/, "always"),
  field("restart", true, /got true, wanted one of "always"/, "always"),
  field("command", "sleep 10", /got "sleep 10", wanted a list: put it in \[ \]$/, ["sleep", "10"]),
  field("capabilities", ["NET_ADMIN"], /did you mean "CAP_NET_ADMIN"\?$/, ["CAP_NET_ADMIN"]),
  field("capabilities", ["CAP_NET_ADMN"], /did you mean "CAP_NET_ADMIN"\?$/, ["CAP_NET_ADMIN"]),
  field("capabilities", "CAP_CHOWN", /wanted a list: put it in \[ \]$/, ["CAP_CHOWN"]),
  field("publish", [80], /publish\[0\]: got 80, wanted a string: put it in quotes$/, ["80"]),
  field("publish", ["abc"], /wanted "80", "8080:80" or "8080:80\/udp"$/, ["8080:80"]),
  field("publish", "80", /wanted a list: put it in \[ \]$/, ["80"]),
  field("binds", ["./app"], /wanted "source:\/destination" or "source:\/destination:options"$/, ["/app:/app"]),
  field("binds", { "/a": "/b" }, /wanted a list: put it in \[ \]$/, ["/a:/b"]),
  field("tmpfs", ["tmp"], /got "tmp", wanted "\/destination" or/, ["/tmp"]),
  field("tmpfs", "/tmp", /wanted a list: put it in \[ \]$/, ["/tmp"]),
  field("env", "A=1", /wanted variables by name, as \{ LEVEL: "info" \}, or a list of "NAME=value"$/, { A: "1" }),
  field("env", { A: 1 }, /env\.A: got 1, wanted a string: put it in quotes$/, { A: "1" }),
  field("env", { "A=": "1" }, /a name without "="/, { A: "1" }),
  field("health", { http: 80 }, /health\.http: got 80, wanted an object \{ port\?, socket\?, path\?, status\? \}$/, { http: { port: 80 } }),
  field("health", { http: { port: "80" } }, /health\.http\.port: got "80", wanted a number: leave out the quotes$/, { http: { port: 80 } }),
  field("health", { http: { port: 80, path: "healthz" } }, /wanted a path that begins with "\/"$/, {
    http: { port: 80, path: "/healthz" },
  }),
  field("health", { http: { port: 80 }, tcp: { port: 80 } }, /wanted exactly one of http, https, tcp and command$/, { tcp: { port: 80 } }),
  field("health", {}, /wanted exactly one of http, https, tcp and command$/, { tcp: { port: 80 } }),
  field("health", { command: "curl x" }, /health\.command: got "curl x", wanted a list: put it in \[ \]$/, { command: ["curl", "x"] }),
  field("stopTimeout", "10s", /stopTimeout: got "10s", wanted a number of seconds: 10$/, 10),
  field("stopTimeout", "1m30.5s", /wanted a number of seconds: 90\.5$/, 90.5),
  field("stopTimeout", "soon", /got "soon", wanted a number$/, 10),
  field("health", { tcp: { port: 80 }, interval: "500ms" }, /wanted a number of seconds: 0\.5$/, { tcp: { port: 80 }, interval: 0.5 }),
  field("resources", { memory: "64m" }, /resources\.memory: got "64m", wanted an object$/, { memory: { limit: 67108864 } }),
  field("resources", { memory: { limit: "64m" } }, /wanted a number of bytes: 67108864$/, { memory: { limit: 67108864 } }),
  field("resources", { memory: { limit: "1.5 GiB" } }, /wanted a number of bytes: 1610612736$/, { memory: { limit: 1610612736 } }),
  field("log", { size: "1M" }, /log\.size: got "1M", wanted a number of bytes: 1048576$/, { size: 1048576 }),
  field("log", { forward: "tcp://logs.example.com:601" }, /with an IPv4 address$/, { forward: "tcp://10.0.0.5:601" }),
  field("readonly", "yes", /got "yes", wanted true or false$/, true),
  field("stopTimeout", "10", /wanted a number: leave out the quotes$/, 10),
  field("secrets", ["a"], /wanted an object: the secret's name and its value$/, { a: "b" }),
  field("seccomp", "none", /got "none", wanted "default" or "unconfined"$/, "unconfined"),
  field("restartLimit", 3, /wanted an object \{ count, within\? \}$/, { count: 3 }),
  field("rlimits", { nofile: 1024 }, /wanted a list: put it in \[ \]$/, ["nofile,1024,1024"]),
  field("egress", [{ host: "10.0.0.1" }], /egress\[0\]\.host: unknown property: it is called "to" here/, [{ to: "10.0.0.1" }]),
  field("egress", [{ to: "https://api.github.com" }], /for hosts by name \{ to: "any", port: 443 \} and \{ to: "dns" \}$/, [
    { to: "any", port: 443 },
    { to: "dns" },
  ]),
  // places
  [
    "the name in the object",
    () => new Service({ name: "l", image: "x" } as never, undefined as never),
    /^new Service: got an object as the first argument, wanted its name: write new Service\("web", \{ … \}\)$/,
    () => new Service("web", { image: "x" }),
  ],
  [
    "a file's path in the object",
    () => new File({ path: "/x" } as never, undefined as never),
    /^new File: got an object as the first argument, wanted its path: write new File\("\/etc\/motd", \{ … \}\)$/,
    () => new File("/etc/motd", { contents: "" }),
  ],
  [
    "no image",
    () => service({ image: undefined }),
    /^services\.a\.image: missing, wanted an image reference as "nginx:1\.27"/,
    () => service({ image: "nginx:1.27" }),
  ],
  [
    "no arguments",
    () => new Service("a", undefined as never),
    /^services\.a: missing, wanted an object \{ image, … \}$/,
    () => service({}),
  ],
  [
    "a name with a blank",
    () => new Service("my service", { image: "x" }),
    /wanted at most 76 letters, digits or/,
    () => new Service("my-service", { image: "x" }),
  ],
  [
    "the bytes of a file",
    () => file({ contents: Buffer.from("x") }),
    /^files\.\/x\.contents: got an object, wanted a string; put bytes into a file, and name it as source$/,
    () => file({ source: "app.bin" }),
  ],
  [
    "an onboot task that restarts",
    () => new OnbootTask("n", { image: "x", restart: "always" } as never),
    /^onboot\.n\.restart: unknown property, wanted one of image, /,
    () => new OnbootTask("n", { image: "x" }),
  ],
  [
    "a task among the services",
    () => new Image({ services: [new OnbootTask("o", { image: "x" })] as never }),
    /^services\[0\]: got an OnbootTask, wanted new Service\(NAME, \{ image \}\)$/,
    () => new Image({ services: [service({})] }),
  ],
  [
    "a service among the tasks",
    () => new Image({ onshutdown: [service({})] as never }),
    /^onshutdown\[0\]: got a Service, wanted new OnshutdownTask\(NAME, \{ image \}\)$/,
    () => new Image({ onshutdown: [new OnshutdownTask("o", { image: "x" })] }),
  ],
  [
    "init without a list",
    () => new Image({ init: debian.init() } as never),
    /^init: got an object, wanted a list: put it in \[ \]$/,
    () => new Image({ init: [debian.init()] }),
  ],
  [
    "a misspelt section",
    () => new Image({ sevices: [] } as never),
    /^sevices: unknown property: did you mean "services"\?$/,
    () => new Image({ services: [] }),
  ],
  [
    "no definition",
    () => new Image(undefined as never),
    /^got nothing, wanted an object as \{ kernel, init, services \}$/,
    () => new Image({}),
  ],
  [
    "content",
    () => file({ content: "hi" }),
    /^files\.\/x\.content: unknown property: did you mean "contents"\?/,
    () => file({ contents: "hi" }),
  ],
  ["text", () => file({ text: "hi" }), /it is called "contents" here/, () => file({ contents: "hi" })],
  [
    "a mode as a number",
    () => file({ contents: "x", mode: 0o644 }),
    /^files\.\/x\.mode: got 420, wanted octal digits in quotes: "0644"$/,
    () => file({ contents: "x", mode: "0644" }),
  ],
  [
    "a mode without the zero",
    () => file({ contents: "x", mode: 644 }),
    /got 644, wanted octal digits in quotes: "0644"$/,
    () => file({ contents: "x", mode: "0644" }),
  ],
  [
    "a mode in letters",
    () => file({ contents: "x", mode: "rw-r--r--" }),
    /wanted octal digits in quotes, as "0644"$/,
    () => file({ contents: "x", mode: "0644" }),
  ],
  ["contents and source", () => file({ contents: "x", source: "y" }), /not contents and source$/, () => file({ source: "y" })],
  [
    "a file's permissions",
    () => file({ contents: "x", permissions: "0644" }),
    /it is called "mode" here$/,
    () => file({ contents: "x", mode: "0644" }),
  ],
  ["a volume's path as its name", () => new Volume("/data"), /wanted lower-case letters, digits, _ and -$/, () => new Volume("data")],
  [
    "persistent: true",
    () => new Volume("v", { persistent: true } as never),
    /^volumes\.v\.persistent: got true, wanted an object: write \{\} for the defaults$/,
    () => new Volume("v", { persistent: {} }),
  ],
  [
    "a kernel's misspelt field",
    () => new Kernel({ image: "x", cmdlin: "y" } as never),
    /did you mean "cmdline"\?$/,
    () => new Kernel({ image: "x", cmdline: "y" }),
  ],
  [
    "an image as the kernel",
    () => new Image({ ...KERNEL, kernel: debian.kernel() as never }),
    /^kernel: got an image, wanted new Kernel\(\{ image \}\)$/,
    () => new Image({ ...KERNEL, kernel: new Kernel({ image: debian.kernel() }) }),
  ],
  [
    "a reference as the kernel",
    () => new Image({ ...KERNEL, kernel: "linuxkit/kernel:6.6.71" as never }),
    /^kernel: got "linuxkit\/kernel:6\.6\.71", wanted new Kernel\(\{ image \}\)$/,
    () => new Image({ ...KERNEL, kernel: new Kernel({ image: "linuxkit/kernel:6.6.71" }) }),
  ],
  [
    "an image as a task",
    () => new Image({ ...KERNEL, onboot: [debian.dhcp() as never] }),
    /^onboot\[0\]: got an image, wanted new OnbootTask\(NAME, \{ image \}\)$/,
    () => new Image({ ...KERNEL, onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })] }),
  ],
  [
    "a service as an init image",
    () => new Image({ ...KERNEL, init: [db as never] }),
    /^init\[0\]: got a Service, wanted an image: /,
    () => new Image({ ...KERNEL, services: [db] }),
  ],
  // between parts
  [
    "an unknown volume",
    () => inImage({ binds: ["data:/x"] }),
    /^services\.a\.binds\[0\]: volume "data" not found, wanted an absolute path: this image has no volumes$/,
    () => inImage({ binds: ["data:/x"] }, { volumes: [new Volume("data")] }),
  ],
  [
    "a misspelt volume",
    () => inImage({ binds: ["dta:/x"] }, { volumes: [new Volume("data")] }),
    /did you mean "data"\?$/,
    () => inImage({ binds: ["data:/x"] }, { volumes: [new Volume("data")] }),
  ],
  [
    "a misspelt service",
    () => inImage({ after: ["dbb"] }, { services: [db] }),
    /did you mean "db"\?$/,
    () => inImage({ after: ["db"] }, { services: [db] }),
  ],
  [
    "egress to a host's name",
    () => inImage({ egress: [{ to: "api.github.com", port: 443 }] }),
    /^services\.a\.egress\[0\]\.to: got "api\.github\.com", .* allow \{ to: "any", port: 443 \} .* and \{ to: "dns" \}$/,
    () => inImage({ egress: [{ to: "any", port: 443 }, { to: "dns" }] }),
  ],
  [
    "egress to a misspelt service",
    () => inImage({ egress: [{ to: "dbb" }] }, { services: [db] }),
    /did you mean "db"\?$/,
    () => inImage({ egress: [{ to: "db" }] }, { services: [db] }),
  ],
  [
    "two services of one name",
    () => new Image({ services: [service({}), service({})] }),
    /two services have this name; to change the existing one, use replace\(\)$/,
    () => new Image({ services: [service({})] }).replace(service({})),
  ],
  [
    "no such part",
    () => new Image({ services: [service({})] }).without("services.b"),
    /not found in the image, wanted one of services\.a/,
    () => new Image({ services: [service({})] }).without("services.a"),
  ],
  [
    "an unknown profile",
    () => harden(new Image({}), { profile: "paranoid" as never }),
    /wanted "default" or "strict"/,
    () => harden(new Image({}), { profile: "strict" }),
  ],
  // debian
  [
    "packages as a text",
    () => debian.packages("nginx" as never),
    /^debian\.packages: got "nginx", wanted an object \{ packages, … \}$/,
    () => debian.packages({ packages: ["nginx"] }),
  ],
  [
    "one package without a list",
    () => debian.packages({ packages: "nginx" } as never),
    /wanted a list: put it in \[ \]$/,
    () => debian.packages({ packages: ["nginx"] }),
  ],
  ["no package", () => debian.packages({ packages: [] }), /wanted at least one package$/, () => debian.packages({ packages: ["nginx"] })],
  [
    "one module without a list",
    () => debian.kernel({ modules: "tun" } as never),
    /modules: got "tun", wanted a list: put it in \[ \]$/,
    () => debian.kernel({ modules: ["tun"] }),
  ],
  [
    "a misspelt server",
    () => debian.chrony({ server: ["x"] } as never),
    /did you mean "servers"\?$/,
    () => debian.chrony({ servers: ["x"] }),
  ],
  [
    "a console without a password",
    () => debian.getty(),
    /or insecure: true for a shell without password$/,
    () => debian.getty({ insecure: true }),
  ],
  [
    "no key",
    () => debian.sshd({} as never),
    /wanted one of them: public keys, or a file on the machine$/,
    () => debian.sshd({ authorizedKeys: [KEY] }),
  ],
  [
    "a key's path",
    () => debian.sshd({ authorizedKeys: ["~/.ssh/id_ed25519.pub"] }),
    /wanted a public key, as the file id_ed25519\.pub has it$/,
    () => debian.sshd({ authorizedKeys: [KEY] }),
  ],
  [
    "a private key",
    () => debian.sshd({ authorizedKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] }),
    /authorizedKeys\[0\]: got a private key, wanted a public key, as the file id_ed25519\.pub has it$/,
    () => debian.sshd({ authorizedKeys: [`${KEY}\n`] }),
  ],
  [
    "a text as a timeout",
    () => debian.dhcp({ timeout: "60" } as never),
    /timeout: got "60", wanted a number: leave out the quotes$/,
    () => debian.dhcp({ timeout: 60 }),
  ],
];

for (const [name, wrong, message, mended] of ROWS) {
  test(name, () => {
    assert.throws(wrong, (error: Error) => {
      assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"), String(error));
      assert.match(error.message, message);
      return true;
    });
    assert.doesNotThrow(mended);
  });
}

test("there are mistakes enough", () => assert.ok(ROWS.length >= 95, `${ROWS.length} rows`));

test("the environment by name is the list that LinuxKit has", () => {
  const { services } = new Image({ services: [service({ env: { A: "1", B: "x=y" } })] }).spec;
  assert.deepEqual(services["a"]?.env, ["A=1", "B=x=y"]);
  assert.deepEqual(debian.packages({ packages: ["nodejs"], env: { A: "1" } }).config.env, ["A=1"]);
});

test("a key's file is taken as it is, with its newline, comments and more keys", () => {
  const { files } = debian.sshd({ authorizedKeys: [`${KEY}\n`, `# mine\r\n${KEY}\n\nfrom="10.0.0.0/8" ${KEY}\n`] }).debian;
  assert.equal(files.find(({ path }) => path === "etc/ssh/authorized_keys")?.contents, `${KEY}\n${KEY}\nfrom="10.0.0.0/8" ${KEY}\n`);
});

test("Pulumi prints an error of ours without the lines of a stack", () => {
  assert.ok(RunError.isInstance(new LinuxKitError("NOT_FOUND", "x", { what: "x" })));
});
