/**
 * Builds a definition in a process that cannot compress: the compressors of `node:zlib` throw.
 * Usage: build-without-compressors.ts, with the definition, the build's options and a login as JSON on standard input;
 * prints the artifact as JSON, or exits with 1 and the error.
 */
import { syncBuiltinESMExports } from "node:module";
import { json } from "node:stream/consumers";
import zlib from "node:zlib";
import type { BuildOptions } from "../../sdk/builder/build.ts";
import type { Definition } from "../../sdk/definition/definition.ts";

const COMPRESSORS = /^(create)?(gzip|deflate|deflateRaw|brotliCompress|zstdCompress)(Sync)?$/i;

for (const name of Object.keys(zlib).filter((key) => COMPRESSORS.test(key))) {
  Object.defineProperty(zlib, name, {
    configurable: true,
    value: function refuse() {
      throw new Error(`this machine does not compress: ${name}`);
    },
  });
}
syncBuiltinESMExports();
// imported only now, so that every module gets the throwing compressors
const { buildDefinition } = await import("../../sdk/builder/build.ts");

const { definition, options, login } = (await json(process.stdin)) as {
  definition: Definition;
  options: BuildOptions;
  login?: { username: string; password: string };
};
try {
  console.log(JSON.stringify(await buildDefinition(definition, { ...options, registryAuth: async () => login })));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
