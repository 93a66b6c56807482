import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { scratch } from "./judge.ts";

const { ensurePipProgram } = (await import(new URL("../../scripts/pip-program.mjs", import.meta.url).href)) as {
  ensurePipProgram(name: string): Promise<string>;
};

/** Prints, for each file, what is wrong with it by CycloneDX 1.6's schema in its strict form; an empty line is none. */
const PROGRAM = `import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
validator = JsonStrictValidator(SchemaVersion.V1_6)
for name in sys.argv[1:]:
    error = validator.validate_str(open(name, encoding="utf-8").read())
    print("" if error is None else repr(error).replace("\\n", " ")[:1000])
`;

/** What cyclonedx-python-lib, which has CycloneDX's own schemas, says of documents: "" of a good one. */
export async function judgeCyclonedx(documents: readonly string[]): Promise<readonly string[]> {
  const folder = await ensurePipProgram("cyclonedx-python-lib");
  await using place = await scratch();
  const files = documents.map((_, index) => join(place.path, `${index}.cdx.json`));
  for (const [index, text] of documents.entries()) await writeFile(files[index] as string, text);
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout } = await promisify(execFile)("python3", ["-c", PROGRAM, ...files], { env, timeout: 120_000, maxBuffer: 16 << 20 });
  return stdout.split("\n").slice(0, documents.length);
}
