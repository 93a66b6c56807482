#!/usr/bin/env node
// Installs what is missing, printing each step, then runs a command with all of it on PATH:
//   node scripts/setup.mjs [--engine] [--qemu] [--bench] [--judges] [-- COMMAND ARG…]
// Runs on Node 20 and imports no package, because it installs the packages and the Node that everything else uses.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureEngine } from "./engine.mjs";
import { buildGuestProgram, GUEST_SOURCES } from "./guest-program.mjs";
import { findProgram, run, say } from "./run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** For each argument: the programs, or files by their path, that it needs, and the Debian package that has each. */
const DEBIAN_PACKAGES = {
  qemu: {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-s390x": "qemu-system-misc",
    "qemu-img": "qemu-utils",
    "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd": "ovmf",
    "/usr/share/AAVMF/AAVMF_CODE.fd": "qemu-efi-aarch64",
    swtpm: "swtpm",
  },
  bench: { busybox: "busybox-static", debootstrap: "debootstrap", mke2fs: "e2fsprogs" },
  judges: {
    busybox: "busybox-static",
    chromium: "chromium",
    "/usr/include/linux/seccomp.h": "linux-libc-dev",
    nft: "nftables",
    cpio: "cpio",
    crun: "crun",
    curl: "curl",
    depmod: "kmod",
    "docker-registry": "docker-registry",
    "fsck.erofs": "erofs-utils",
    "fsck.fat": "dosfstools",
    gpgv: "gpgv",
    jq: "jq",
    lz4: "lz4",
    mcopy: "mtools",
    mksquashfs: "squashfs-tools",
    openssl: "openssl",
    pip3: "python3-pip",
    readelf: "binutils",
    sbverify: "sbsigntool",
    sfdisk: "fdisk",
    sgdisk: "gdisk",
    shellcheck: "shellcheck",
    skopeo: "skopeo",
    "ssh-keygen": "openssh-client",
    syslinux: "syslinux",
    tmux: "tmux",
    umoci: "umoci",
    xorriso: "xorriso",
    xz: "xz-utils",
    zstd: "zstd",
    "/usr/lib/systemd/systemd-measure": "systemd",
  },
};

/**
 * Sets up node_modules, dist and the examples, and what `wants` names.
 *
 * @param {{ engine?: boolean, qemu?: boolean, bench?: boolean, judges?: boolean }} wants
 * @returns {Promise<NodeJS.ProcessEnv>} an environment with all of it on PATH, the package's own Node first
 */
export async function setUp(wants) {
  await ensureNodeModules();
  const path = [join(ROOT, "node_modules", ".bin")];
  await ensureDist(path[0]);
  linkExamples();
  for (const [name, programs] of Object.entries(DEBIAN_PACKAGES)) if (wants[name]) await ensureDebianPackages(programs);
  if (wants.engine) path.push(...(await ensureEngine()));
  return { ...process.env, PATH: [...path, process.env.PATH, "/usr/sbin", "/sbin"].join(delimiter) };
}

/** Installs what package-lock.json lists. A stamp in node_modules holds the hash of the lock that it was installed from. */
async function ensureNodeModules() {
  const want = hashOf(readFileSync(join(ROOT, "package-lock.json")));
  const stamp = join(ROOT, "node_modules", ".pulumi-linuxkit-lock");
  if (readText(stamp) === want) return;
  await run("installing the Node packages of package-lock.json", "npm", ["ci", "--prefer-offline"], { cwd: ROOT, env: ownNpm() });
  await writeFile(stamp, want);
}

/** `npm pack` runs this script, and its options reach every npm below it: `--dry-run` there must not keep the packages away here. */
function ownNpm() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_(dry_run|json)$/i.test(name)));
}

/** The examples use the package by its name; `npm install` in one of them would make the same link. */
function linkExamples() {
  for (const name of readdirSync(join(ROOT, "examples"))) {
    const folder = join(ROOT, "examples", name);
    const link = join(folder, "node_modules", "pulumi-linuxkit");
    if (!existsSync(join(folder, "package.json")) || existsSync(link)) continue;
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join("..", "..", ".."), link);
  }
}

/**
 * Compiles sdk and providers, and the guest's program, into dist when a source is another than the last time; a deleted
 * source leaves nothing in it.
 */
async function ensureDist(bin) {
  const want = hashOf(...sourcesAndTimes());
  const dist = join(ROOT, "dist");
  // not in dist, because npm packs all of dist
  const stamp = join(ROOT, "node_modules", ".pulumi-linuxkit-dist");
  if (readText(stamp) === want && existsSync(dist)) return;
  const aside = join(ROOT, "node_modules", `.dist-${process.pid}`);
  try {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    await run("compiling", join(bin, "tsc"), ["-p", "tsconfig.build.json", "--outDir", aside], { cwd: ROOT, env });
    await buildGuestProgram(join(aside, "guest"));
    await rm(stamp, { force: true });
    await rm(dist, { recursive: true, force: true });
    await rename(aside, dist);
    await writeFile(stamp, want);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Installs the packages of the programs that are missing, as root or through sudo. */
async function ensureDebianPackages(programs) {
  const path = [process.env.PATH, "/usr/sbin", "/sbin"].join(delimiter);
  const missing = Object.entries(programs).filter(
    ([program]) => !(program.startsWith("/") ? existsSync(program) : findProgram(program, path)),
  );
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const needs = `not found: ${missing.map(([program]) => program).join(", ")}; Debian packages needed: ${packages.join(" ")}`;
  if (!findProgram("apt-get")) throw new Error(`${needs}; apt-get not found: install them with this system's package manager`);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !findProgram("sudo")) throw new Error(`${needs}; sudo not found: as root, run apt-get install ${packages.join(" ")}`);
  say(needs);
  const apt = (args) => (isRoot ? ["apt-get", args] : ["sudo", ["-n", "apt-get", ...args]]);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () =>
    run(
      `installing ${packages.join(" ")}`,
      ...apt(["install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", ...packages]),
      { env, minutes: 15 },
    );
  await install().catch(async () => {
    // the usual cause: the package lists are older than the mirror
    await run("updating the package lists", ...apt(["update", "-q"]), { env });
    await install();
  });
}

/** Every file that dist is compiled from, with its time and size. */
function sourcesAndTimes() {
  const files = ["sdk", "providers"].flatMap((top) => readdirSync(join(ROOT, top), { recursive: true }).map((name) => join(top, name)));
  const sources = files.filter((name) => name.endsWith(".ts") || (name.startsWith(GUEST_SOURCES) && /\.(go|mod|sum)$/.test(name)));
  return [...sources.sort(), "tsconfig.json", "tsconfig.build.json"].map((name) => {
    const { mtimeMs, size } = statSync(join(ROOT, name));
    return `${name} ${mtimeMs} ${size}\n`;
  });
}

function hashOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Runs a command in the foreground, and exits with its status. */
function become([program, ...args], env) {
  const child = spawn(program, args, { stdio: "inherit", env });
  // the terminal sends Ctrl-C to the child as well, and the child decides when to end
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    say(`${program}: ${error.message}`);
    process.exitCode = 127;
  });
  child.on("close", (code) => (process.exitCode = code ?? 1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dashes = process.argv.indexOf("--");
  const flags = process.argv.slice(2, dashes < 0 ? undefined : dashes);
  const command = dashes < 0 ? [] : process.argv.slice(dashes + 1);
  const known = ["engine", ...Object.keys(DEBIAN_PACKAGES)];
  const wrong = flags.filter((flag) => !known.includes(flag.replace(/^--/, "")) || !flag.startsWith("--"));
  if (wrong.length > 0) {
    say(`unknown argument ${wrong.join(" ")}: wanted ${known.map((name) => `--${name}`).join(", ")}`);
    process.exitCode = 2;
  } else {
    await setUp(Object.fromEntries(flags.map((flag) => [flag.slice(2), true]))).then(
      (env) => command.length > 0 && become(command, env),
      (error) => {
        say(error.message);
        process.exitCode = 1;
      },
    );
  }
}
