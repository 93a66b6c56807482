/** See `scripts/npm-program.mjs`. */
export const { ensureNpmProgram } = (await import(new URL("../../scripts/npm-program.mjs", import.meta.url).href)) as {
  ensureNpmProgram(name: string): Promise<string>;
};
