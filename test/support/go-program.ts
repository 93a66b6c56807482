import { delimiter } from "node:path";

// a build takes minutes where PATH and the cache lack the program, so only tests that use it wait for that
const { ensureGoProgram } = (await import(new URL("../../scripts/go-program.mjs", import.meta.url).href)) as {
  ensureGoProgram(name: string): Promise<string>;
};

/** Puts a Go program on this process's PATH, built from its module where the machine lacks it. */
export async function withGoProgram(name: "cosign" | "fake-gcs-server" | "osv-scanner"): Promise<void> {
  process.env.PATH = `${await ensureGoProgram(name)}${delimiter}${process.env.PATH}`;
}
