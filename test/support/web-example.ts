import { fileURLToPath, pathToFileURL } from "node:url";
import { runtime } from "@pulumi/pulumi";
import type { Definition } from "../../sdk/definition/definition.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/web/", import.meta.url));

/** The operating system of examples/web, as its program passes it to the engine. The program runs once, with Pulumi's mocks. */
export async function webDefinition(): Promise<Definition> {
  const { promise, resolve, reject } = Promise.withResolvers<Definition>();
  runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs }) {
        if (type !== "linuxkit:index:ImageBuild") return { id: name, state: inputs };
        resolve(inputs.image as Definition);
        return { id: name, state: { ...inputs, path: "/", files: ["kernel", "initrd"].map((role) => ({ role, name: role })) } };
      },
    },
    "web",
  );
  const folder = process.cwd();
  // local files are relative to the project
  process.chdir(EXAMPLE);
  try {
    await import(pathToFileURL(`${EXAMPLE}index.ts`).href).catch(reject);
    return await promise;
  } finally {
    process.chdir(folder);
  }
}
