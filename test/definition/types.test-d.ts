/*
 * What the compiler takes and refuses of a program; `tsc` is the test. A line under `@ts-expect-error` that compiles
 * is an error.
 */
import { Config, type Input, type Output, output, secret } from "@pulumi/pulumi";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { File, Image, type ImageArgs, Kernel, OnbootTask, OnshutdownTask, Service, type ServiceArgs, Volume } from "../../sdk/index.ts";

declare const packages: DebianImage;
declare const text: Output<string>;
declare const port: Output<number>;
declare const eventually: Promise<string>;

// the program of the README
export const os = new Image({
  kernel: new Kernel({ image: packages, cmdline: "console=ttyS0" }),
  init: [packages],
  onboot: [new OnbootTask("dhcp", { image: packages })],
  services: [
    new Service("web", {
      image: packages,
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
      tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
      restart: "always",
      health: { http: { port: 80 } },
    }),
  ],
});

// every leaf may be an Output or a promise, and so may a list
new Service("a", { image: text, capabilities: [text, "CAP_CHOWN"], env: output(["A=1"]), health: { http: { port } }, uid: port });
new Service("b", {
  image: eventually,
  command: ["sh", "-c", text],
  resources: { memory: { limit: port } },
  restart: output("never" as const),
});
new Service("c", { image: "nginx", secrets: { key: secret("x"), other: new Config().requireSecret("other") }, readonly: output(true) });
new Kernel({ image: "k", cmdline: text });
new File("etc/motd", { contents: text, mode: "0644", uid: port });
new Volume("data", { image: text, readonly: output(false) });
new Image({ init: [text, "a"], healthPort: port });

// undefined is the same as leaving out
new Service("d", { image: "x", env: undefined, health: { tcp: { port: 1 }, interval: undefined } });
new Image({ kernel: undefined });

// arguments can be kept apart, typed
const common = { image: "x", capabilities: ["CAP_CHOWN"], readonly: true } satisfies Partial<ServiceArgs>;
new Service("e", { ...common, restart: "on-failure" });
const args: ImageArgs = { services: [] };
os.with(args)
  .with({ kernel: { cmdline: "quiet" } })
  .without("services.web")
  .replace(new Volume("x"));
const cmdline: Input<string | undefined> = new Kernel({ image: "k" }).spec.cmdline;
void cmdline;

// @ts-expect-error an image is needed
new Service("f", {});
// @ts-expect-error no such field
new Service("g", { image: "x", privileged: true });
// @ts-expect-error no such field, deeper down
new Service("h", { image: "x", health: { http: { prot: 80 } } });
// @ts-expect-error not a restart policy
new Service("i", { image: "x", restart: "sometimes" });
// @ts-expect-error a port is a number
new Service("j", { image: "x", health: { tcp: { port: "80" } } });
// @ts-expect-error an Output of the wrong type
new Service("k", { image: "x", readonly: text });
// @ts-expect-error a list, not a string
new Service("l", { image: "x", command: "sh" });
// @ts-expect-error health is for services
new OnbootTask("m", { image: "x", health: { tcp: { port: 1 } } });
// @ts-expect-error only at boot something waits for a task
new OnshutdownTask("n", { image: "x", optional: true });
// @ts-expect-error octal digits in quotes
new File("o", { contents: "", mode: 0o644 });
// @ts-expect-error a Service is no OnbootTask
new Image({ onboot: [new Service("p", { image: "x" })] });
// @ts-expect-error misspelt
new Image({ sevices: [] });
// @ts-expect-error a definition never changes
os.spec.healthPort = 1;
// @ts-expect-error nor does what is in it
os.spec.init.push("x");

// a setting's name completes in an editor, and a wrong one does not compile
new Image({ harden: { profile: "strict", waive: { "kernel.yama.ptrace_scope": "the debugger", lockdown: text } } });
// @ts-expect-error no such setting
new Image({ harden: { waive: { "kernel.yama": "x" } } });
// @ts-expect-error no such profile
new Image({ harden: { profile: "paranoid" } });
