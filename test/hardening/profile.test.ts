import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { checkDefinition } from "../../sdk/definition/check-definition.ts";
import { debian } from "../../sdk/debian/images.ts";
import { hardeningParameters, hardeningWords } from "../../sdk/hardening/profile.ts";
import { harden, type HardenArgs, Image, type ImageArgs, Kernel, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";

const base = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] });
const strict = { profile: "strict" } as const;
const web = (fields: Partial<ServiceArgs>): ImageArgs => ({ services: [new Service("web", { image: "nginx", ...fields } as ServiceArgs)] });

/** Arguments of harden, arguments of the image, the path of the failure, and the setting to waive. */
const CONFLICTS: readonly (readonly [HardenArgs, ImageArgs, path: string, setting: string])[] = [
  [strict, web({ userns: "new" }), "services.web.userns", "user.max_user_namespaces"],
  [
    { ...strict, waive: { "user.max_user_namespaces": "the build service has its own" } },
    web({ userns: "new" }),
    "services.web.userns",
    "kernel.yama.ptrace_scope",
  ],
  [strict, web({ capabilities: ["CAP_CHOWN", "CAP_SYS_PTRACE"] }), "services.web.capabilities[1]", "kernel.yama.ptrace_scope"],
  [{}, web({ capabilities: ["CAP_SYS_MODULE"] }), "services.web.capabilities[0]", "kernel.modules_disabled"],
  [{}, web({ "capabilities.add": ["CAP_SYS_RAWIO"] }), 'services.web["capabilities.add"][0]', "lockdown"],
  [strict, web({ capabilities: ["CAP_PERFMON"] }), "services.web.capabilities[0]", "lockdown"],
  [strict, web({ mounts: [{ type: "tracefs", destination: "/t" }] }), "services.web.mounts[0].type", "lockdown"],
  [{}, web({ mounts: [{ type: "debugfs", destination: "/d" }] }), "services.web.mounts[0].type", "debugfs"],
  [{}, { services: [new Service("login", { image: debian.getty({ insecure: true }) })] }, "services.login.command", "console.shell"],
  [{}, { services: [new Service("login", { image: "linuxkit/getty:1", sandbox: "linuxkit" })] }, "services.login.image", "console.shell"],
  [{}, { kernel: { cmdline: "console=ttyS0 nokaslr" } }, "kernel.cmdline", "nokaslr"],
  [{}, { kernel: { cmdline: "mitigations=off" } }, "kernel.cmdline", "mitigations"],
  [strict, { kernel: { cmdline: "init_on_free=0" } }, "kernel.cmdline", "init_on_free"],
];

describe("a definition that conflicts with a setting is refused, until the setting is waived", () => {
  for (const [args, more, path, setting] of CONFLICTS) {
    test(`${path} and ${setting}`, () => {
      assert.throws(
        () => harden(base, args).with(more),
        (error) => {
          assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"));
          const line = error.message.split("\n").find((text) => text.includes(`by ${setting} of harden`)) ?? error.message;
          assert.ok(line.startsWith(`${path}: got "`), line);
          assert.ok(line.includes(`harden: { waive: { "${setting}": "REASON" } }`), line);
          return true;
        },
      );
      // the order of harden and with makes no difference
      assert.throws(() => harden(base.with(more), args));
      const waived = harden(base, args).with({
        ...more,
        harden: { waive: { [setting]: "tried here", "kernel.yama.ptrace_scope": "tried here" } },
      });
      assert.ok(waived.spec.harden?.waive[setting as "lockdown"]);
    });
  }
});

describe("no conflict", () => {
  const FINE: readonly (readonly [HardenArgs, ImageArgs])[] = [
    [{}, web({ userns: "new" })],
    [{}, web({ capabilities: ["CAP_SYS_PTRACE", "CAP_PERFMON"] })],
    [strict, { onboot: [new OnbootTask("modules", { image: "a", capabilities: ["CAP_SYS_MODULE"] })] }],
    [strict, { kernel: { cmdline: "init_on_free=1 vsyscall=none" } }],
    [strict, web({ userns: "host" })],
  ];
  for (const [args, more] of FINE)
    test(JSON.stringify(args) + JSON.stringify(more.kernel ?? {}), () => assert.ok(harden(base, args).with(more)));
});

test("the engine's check finds the same conflicts in a definition as JSON", () => {
  const json = { ...JSON.parse(JSON.stringify(base.with(web({ userns: "new" })).spec)), harden: { profile: "strict" } };
  const checked = checkDefinition(json);
  assert.deepEqual("failures" in checked && checked.failures.map(({ path }) => path), ["services.web.userns", "services.web.userns"]);
});

describe("arguments", () => {
  test("an unknown setting is refused with a suggestion", () =>
    assert.throws(
      () => harden(base, { waive: { "kernel.yama.ptrace_scop": "x" } as never }),
      /harden\.waive\["kernel\.yama\.ptrace_scop"\]: unknown property: did you mean "kernel\.yama\.ptrace_scope"\?/,
    ));
  test("a waiver needs a reason", () =>
    assert.throws(() => harden(base, { waive: { lockdown: "" } }), /harden\.waive\.lockdown: got "", wanted text that is not empty/));
  test("another init is refused, because it sets no parameters", () =>
    assert.throws(
      () => new Image({ init: ["linuxkit/init:1"], harden: {} }),
      /^.*harden: the kernel parameters are set by the init of debian\.init\(\)/,
    ));
  test("a hardened image cannot be written as LinuxKit's YAML", () =>
    assert.throws(() => harden(new Image({}), {}).toYaml(), /harden: LinuxKit has no such field/));
});

test("`with` overrides the profile and adds waivers; `without` removes both", () => {
  const image = harden(harden(base, { waive: { lockdown: "a" } }), { profile: "strict", waive: { nosmt: "b" } });
  assert.deepEqual(image.spec.harden, { profile: "strict", waive: { lockdown: "a", nosmt: "b" } });
  assert.deepEqual(image.with({ harden: { waive: { lockdown: "c" } } }).spec.harden, {
    profile: "strict",
    waive: { lockdown: "c", nosmt: "b" },
  });
  assert.equal(image.without("harden").spec.harden, undefined);
  assert.throws(() => base.without("harden"), /harden: not found/);
});

test("words and parameters are those of the architecture, without waived ones and words already written", () => {
  const all = { profile: "strict", waive: {} } as const;
  const amd64 = hardeningWords(all, "amd64", ["init_on_free=1"]);
  assert.ok(amd64.includes("vsyscall=none") && !amd64.includes("init_on_free=1"));
  const s390x = hardeningWords(all, "s390x", []);
  // its modules are not signed
  assert.ok(!s390x.some((word) => /^(vsyscall|lockdown|module\.sig_enforce)=/.test(word)) && s390x.includes("slab_nomerge"));
  const { early, last } = hardeningParameters({ profile: "strict", waive: { "kernel.sysrq": "wanted" } }, "amd64");
  assert.ok(early.includes("kernel/yama/ptrace_scope 3") && !early.some((line) => /sysrq|modules_disabled/.test(line)));
  assert.deepEqual(last, ["kernel/modules_disabled 1"]);
});
