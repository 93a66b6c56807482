#!/usr/bin/env node
// Builds the guest's programs for all architectures: node scripts/guest-program.mjs [FOLDER]
// The same sources and the same Go give the same bytes, wherever they lie.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, run, say } from "./run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ARCHES = ["amd64", "arm64", "s390x"];
const PROGRAMS = {
  linuxkitd: ".",
  "linuxkit-cluster": "./cmd/linuxkit-cluster",
  "linuxkit-secrets": "./cmd/linuxkit-secrets",
  "linuxkit-tls": "./cmd/linuxkit-tls",
};

/** The folder of its Go module. */
export const GUEST_SOURCES = join("sdk", "guest", "linuxkitd");

/**
 * Writes `NAME-ARCH` for each program and architecture, and `programs.json` with their digests, into a folder.
 *
 * @param {string} folder
 * @param {{ sources?: string, arches?: readonly string[] }} [options]
 */
export async function buildGuestProgram(folder, { sources = join(ROOT, GUEST_SOURCES), arches = ARCHES } = {}) {
  if (!findProgram("go")) throw new Error("Go is not installed: install Go 1.25 or newer, which builds the guest's program, and try again");
  mkdirSync(folder, { recursive: true });
  const programs = {};
  for (const arch of arches) {
    const env = { ...process.env, CGO_ENABLED: "0", GOOS: "linux", GOARCH: arch, GOFLAGS: "", GOWORK: "off" };
    programs[arch] = {};
    for (const [name, source] of Object.entries(PROGRAMS)) {
      const file = join(folder, `${name}-${arch}`);
      // -l: a function that is written once instead of inlined everywhere is an eighth less to send, unpack and hold
      const flags = ["-trimpath", "-buildvcs=false", "-gcflags=all=-l", "-ldflags", "-s -w -buildid="];
      const args = ["build", ...flags, "-o", file, source];
      await run(`building the guest's program ${name} for ${arch}`, "go", args, { cwd: sources, env });
      const bytes = readFileSync(file);
      programs[arch][name] = { digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, size: bytes.length };
    }
  }
  writeFileSync(join(folder, "programs.json"), `${JSON.stringify(programs, undefined, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildGuestProgram(process.argv[2] ?? join(ROOT, "dist", "guest")).catch((error) => {
    say(error.message);
    process.exitCode = 1;
  });
}
