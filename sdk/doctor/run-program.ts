/*
 * The program of a process of its own: runs a Pulumi program without an engine, and sends its parent what the program registers.
 * Arguments: the module, then JSON with the project, the stack, its configuration and what invokes answer.
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { ProgramRun, Registered, RunRequest } from "./program-run.ts";

const [file = "", request = "{}"] = process.argv.slice(2);
const { project, stack, config, answers } = JSON.parse(request) as RunRequest;
const resources: Registered[] = [];
const failures: string[] = [];

/** What is used of Pulumi's SDK. */
interface Sdk {
  readonly runtime: {
    setMocks(mocks: Mocks, project: string, stack: string, preview: boolean): Promise<void>;
    setAllConfig(config: Readonly<Record<string, string>>): void;
  };
}

/** What answers in place of an engine. */
interface Mocks {
  newResource(resource: { type: string; name: string; inputs: Readonly<Record<string, unknown>>; id?: string }): {
    id: string;
    state: object;
  };
  call(call: { token: string; inputs: Readonly<Record<string, unknown>> }): object;
}

/** Pulumi's SDK as the program finds it; its runtime's state is shared by all copies in a process. */
async function sdk(): Promise<Sdk> {
  for (const from of [pathToFileURL(file).href, import.meta.url]) {
    try {
      return (await import(pathToFileURL(createRequire(from).resolve("@pulumi/pulumi")).href)) as Sdk;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new Error("@pulumi/pulumi is not installed in the program's folder: run `npm install` there");
}

/** What tells resources apart that name each other by their outputs. Everything else is unknown, as in a preview. */
function stateOf(type: string, name: string, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (type === "linuxkit:index:ImageBuild") {
    const digest = `sha256:${createHash("sha256").update(name).digest("hex")}`;
    return { digest, arch: inputs["arch"] ?? "amd64" };
  }
  const link = `${name}-id`;
  return { name: inputs["name"] ?? inputs["resourceName"] ?? name, selfLink: link, selfLinkUnique: link, latestVersion: 1 };
}

/** The inputs without what is not known yet, which the mocks give as objects with a mark. */
function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, "__pulumiUnknown")) return undefined;
  if (Array.isArray(value)) return value.map(known).filter((item) => item !== undefined);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, known(member)]));
}

const failed = (error: unknown): void => {
  failures.push((error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
};

process.on("unhandledRejection", failed).on("uncaughtException", failed);
try {
  const { runtime } = await sdk();
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        const own = id || `${name}-id`;
        const outputs = stateOf(type, name, inputs);
        resources.push({ type, name, id: own, inputs: known(inputs) as Registered["inputs"], outputs });
        return { id: own, state: { ...inputs, ...outputs } };
      },
      call: ({ token, inputs }) => ({ ...inputs, ...answers[token.split(/[:/]/).at(-1) ?? ""] }),
    },
    project,
    stack,
    true,
  );
  runtime.setAllConfig(config);
  await import(pathToFileURL(file).href);
} catch (error) {
  failed(error);
}
process.once("beforeExit", () => process.send?.({ resources, failures } satisfies ProgramRun, undefined, undefined, () => process.exit(0)));
