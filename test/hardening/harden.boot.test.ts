import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { hardeningReport } from "../../sdk/hardening/report.ts";
import { Image, type Profile } from "../../sdk/index.ts";
import { exampleDefinitions } from "../support/example-definitions.ts";
import { namesWith } from "../support/hardening-rows.ts";
import { boot, type Booted } from "../support/qemu.ts";
import { ask, buildWhole, spy } from "../guest/image.ts";
import { kernelConfigOf } from "../../sdk/builder/kernel-config.ts";

// the recommendations of the Kernel Self Protection Project, written down independently of the tables under test
const TOKENS = `hardened_usercopy=1 init_on_alloc=1 init_on_free=1 randomize_kstack_offset=1 page_alloc.shuffle=1 slab_nomerge pti=on nosmt
  hash_pointers=always iommu.passthrough=0 iommu.strict=1 mitigations=auto,nosmt kfence.sample_interval=100 vsyscall=none vdso32=0 cfi=kcfi
  lockdown=confidentiality module.sig_enforce=1 efi=disable_early_pci_dma intel_iommu=on iommu=force ia32_emulation=0 debugfs=off
  bdev_allow_write_mounted=0 proc_mem.force_override=never`.split(/\s+/);
const ABSENT =
  `nokaslr no_hash_pointers nosmep nosmap dis_ucode_ldr setcpuid clearcpuid nopti nospec_store_bypass_disable nospectre_v1 nospectre_v2
  nospectre_bhb arm64.nobti arm64.nopauth arm64.nomte arm64.nogcs slab_merge slub_merge norandmaps sysrq_always_enabled`.split(/\s+/);
const PARAMETERS =
  `kernel.kptr_restrict=2 kernel.dmesg_restrict=1 kernel.modules_disabled=1 kernel.perf_event_paranoid=3 kernel.kexec_load_disabled=1
  kernel.randomize_va_space=2 kernel.yama.ptrace_scope=3 kernel.unprivileged_bpf_disabled=1 kernel.io_uring_disabled=2 kernel.sysrq=0
  kernel.warn_limit=100 kernel.oops_limit=100 user.max_user_namespaces=0 dev.tty.ldisc_autoload=0 dev.tty.legacy_tiocsti=0
  net.core.bpf_jit_harden=2 vm.unprivileged_userfaultfd=0 vm.mmap_min_addr=65536 vm.mmap_rnd_bits=32 vm.mmap_rnd_compat_bits=16
  fs.protected_symlinks=1 fs.protected_hardlinks=1 fs.protected_fifos=2 fs.protected_regular=2 fs.suid_dumpable=0
  net.ipv4.icmp_ignore_bogus_error_responses=1 net.ipv4.icmp_echo_ignore_broadcasts=1 net.ipv4.tcp_syncookies=1
  net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.default.accept_redirects=0 net.ipv4.conf.all.accept_source_route=0
  net.ipv4.conf.default.accept_source_route=0 net.ipv6.conf.all.accept_redirects=0 net.ipv6.conf.default.accept_redirects=0
  net.ipv6.conf.all.accept_source_route=0 net.ipv6.conf.default.accept_source_route=0 net.ipv6.conf.all.accept_ra=0
  net.ipv6.conf.default.accept_ra=0`.split(/\s+/);

const nameOf = (word: string): string => word.split("=")[0] as string;

/** The names of settings that differ from the recommendation in a running guest. */
async function missingIn(machine: Booted): Promise<string[]> {
  const words = (await ask(machine, "cat /proc/cmdline", SPY_PORT)).trim().split(" ");
  const script = PARAMETERS.map((line) => `echo ${nameOf(line)}=$(cat /proc/sys/${nameOf(line).replaceAll(".", "/")} 2>/dev/null)`).join(
    "\n",
  );
  const parameters = new Set((await ask(machine, script, SPY_PORT)).trim().split("\n"));
  return [
    ...TOKENS.filter((token) => !words.includes(token)),
    ...ABSENT.filter((word) => words.some((other) => nameOf(other) === word)),
    ...PARAMETERS.filter((line) => !parameters.has(line)),
  ]
    .map(nameOf)
    .sort();
}

const SPY_PORT = 8100;
const eye = new Image({ services: [spy({ port: SPY_PORT, capabilities: [] })] }).spec.services;

/** An example's definition, hardened, with the service that runs the test's commands. */
const hardened = (definition: Definition, profile: Profile): Definition => ({
  ...definition,
  // no cloud answers this task here
  onboot: definition.onboot.filter(({ name }) => name !== "metadata"),
  services: { ...definition.services, ...eye },
  harden: { profile, waive: {} },
});

async function start(definition: Definition): Promise<Booted> {
  const machine = await boot({ ...(await buildWhole(definition)), ports: [SPY_PORT] });
  await machine.until("health", ({ stage }) => stage === "healthy");
  return machine;
}

describe("a hardened guest", { timeout: 600_000 }, () => {
  let examples: Map<string, Definition>;
  let report: (definition: Definition) => ReturnType<typeof hardeningReport>;
  before(async () => {
    examples = await exampleDefinitions();
    const web = examples.get("web/web") as Definition;
    const config = await kernelConfigOf(web, { cacheDir: defaultCacheDir(), store: new BlobStore(defaultCacheDir()), arch: "amd64" });
    report = ({ harden, kernel }) => hardeningReport({ arch: "amd64", cmdline: kernel?.cmdline ?? "", harden, config });
  });

  test("of the profile strict has every word and every parameter that its kernel supports, without waivers", async (t) => {
    const definition = hardened(examples.get("web/web") as Definition, "strict");
    const { rows, settings, options, kernel } = report(definition);
    t.diagnostic(`strict on Linux ${kernel}: settings ${JSON.stringify(settings)}, kernel options ${JSON.stringify(options)}`);
    assert.deepEqual([settings.off, settings.waived], [0, 0]);
    // each recommendation is a row of the report
    assert.deepEqual(
      [...TOKENS, ...PARAMETERS].filter((line) => !rows.some(({ wanted }) => wanted === line)),
      [],
    );
    assert.deepEqual(
      ABSENT.filter((word) => !rows.some(({ wanted }) => wanted === `no ${word}`)),
      [],
    );

    await using machine = await start(definition);
    // an inert word is on the command line, but an unsupported parameter has no file
    const inert = namesWith({ rows }, "inert").filter((name) => PARAMETERS.some((line) => nameOf(line) === name));
    assert.deepEqual(await missingIn(machine), inert.sort());
    const effects = await ask(
      machine,
      "cat /host/sys/kernel/security/lockdown /host/sys/module/module/parameters/sig_enforce; insmod /host/usr/lib/modules/loop.ko 2>&1; mount -t debugfs x /tmp 2>&1; unshare -U true 2>&1; ls /host/sys/class/input/*/device/name",
      SPY_PORT,
    );
    assert.match(effects, /^none integrity \[confidentiality\]\nY\ninsmod: .*\nmount: .* failed.*\nunshare: .*\n\/host\/sys/);
    // the power button's driver was loaded before modules were disabled
    await machine.pressPower();
    await machine.ended;
    assert.ok(machine.lines.some(({ stage }) => stage === "off"));
  });

  test("of the profile default lacks exactly the settings that its report shows as off or unsupported", async (t) => {
    const definition = hardened(examples.get("web/web") as Definition, "default");
    const { rows, settings, options, kernel } = report(definition);
    t.diagnostic(`default on Linux ${kernel}: settings ${JSON.stringify(settings)}, kernel options ${JSON.stringify(options)}`);
    await using machine = await start(definition);
    const unknown = namesWith({ rows }, "inert").filter((name) => PARAMETERS.some((line) => nameOf(line) === name));
    assert.deepEqual(
      await missingIn(machine),
      [...namesWith({ rows: rows.filter(({ kind }) => kind !== "kernel") }, "off"), ...unknown].sort(),
    );
    assert.match(await ask(machine, "cat /host/sys/kernel/security/lockdown", SPY_PORT), /\[integrity\]/);
  });

  test("of the profile strict passes the health checks of every other example", async () => {
    for (const [name, definition] of examples) {
      // an engine needs what strict closes, and a disk
      if (name === "web/web" || /^(docker|swarm)\//.test(name)) continue;
      await using machine = await start(hardened(definition, "strict"));
      assert.ok(
        machine.lines.some(({ stage }) => stage === "healthy"),
        name,
      );
    }
  });
});
