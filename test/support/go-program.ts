import { delimiter } from "node:path";

// building one takes minutes on a machine that has neither it nor our copy: only tests that use it pay for that
const { ensureGoProgram } = (await import(new URL("../../scripts/go-program.mjs", import.meta.url).href)) as {
  ensureGoProgram(name: string): Promise<string>;
};

/** Puts a program that is written in Go on this process's PATH, built from its sources where the machine lacks it. */
export async function withGoProgram(name: "cosign" | "fake-gcs-server"): Promise<void> {
  process.env.PATH = `${await ensureGoProgram(name)}${delimiter}${process.env.PATH}`;
}
