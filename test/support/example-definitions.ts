import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Definition } from "../../sdk/definition/definition.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

// prints, once each, the definition of every image that a program passes to the engine; outputs are unknown, as in a preview
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
const printed = new Set();
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    const image = JSON.stringify(inputs.image);
    if (type === "linuxkit:index:ImageBuild" && !printed.has(image)) console.log(JSON.stringify({ name, image: inputs.image }));
    printed.add(image);
    return { id: name, state: {} };
  },
  call: ({ inputs }) => inputs,
}, "example", "test", true);
// the configuration that the examples need
pulumi.runtime.setAllConfig({ "example:subnetIds": '["subnet-1", "subnet-2"]', "example:subnetId": "/subscriptions/s/resourceGroups/group/providers/Microsoft.Network/virtualNetworks/v/subnets/s", "example:resourceGroupName": "group" });
await import(process.argv[1]);
`;

/** The operating systems that the examples define, by example and resource, but for Kubernetes. One that several resources build occurs once. */
export async function exampleDefinitions(): Promise<Map<string, Definition>> {
  const found = new Map<string, Definition>();
  const seen = new Set<string>();
  for (const example of await readdir(EXAMPLES)) {
    const program = join(EXAMPLES, example, "index.ts");
    // that of Kubernetes needs programs that only its own tests compile
    if (!existsSync(program) || example === "kubernetes") continue;
    const args = ["--input-type=module", "--eval", PROGRAM, pathToFileURL(program).href];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: join(EXAMPLES, example),
      timeout: 60_000,
      maxBuffer: 64 << 20,
    });
    for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
      const { name, image } = JSON.parse(line) as { name: string; image: Definition };
      const text = JSON.stringify(image);
      if (seen.has(text)) continue;
      seen.add(text);
      found.set(`${example}/${name}`, image);
    }
  }
  return found;
}
