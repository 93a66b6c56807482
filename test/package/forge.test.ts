import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FORGE = join(ROOT, ".github");

// scripts are plain JavaScript: they run before TypeScript is installed
const { releaseFaults } = (await import(new URL("../../scripts/release.mjs", import.meta.url).href)) as {
  releaseFaults(release: { tag: string; version: string; changelog: string }): string[];
};

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly on: object;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly "runs-on": string; readonly "timeout-minutes": number; readonly steps: readonly Step[] }>
  >;
}

const { scripts, version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
  version: string;
};

async function parsed(path: string): Promise<unknown> {
  const document = parseDocument(await readFile(path, "utf8"));
  assert.deepEqual([...document.errors, ...document.warnings].map(String), [], path);
  return document.toJS();
}

/** The npm scripts that a command names. */
function scriptsOf(command: string): string[] {
  return [...command.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, script, short]) => script ?? short ?? "");
}

describe("a workflow", async () => {
  const names = await readdir(join(FORGE, "workflows"));
  assert.deepEqual(names.sort(), ["ci.yml", "release.yml"]);
  for (const name of names) {
    test(`${name} is valid YAML, pins its actions, and calls scripts of package.json`, async () => {
      const workflow = (await parsed(join(FORGE, "workflows", name))) as Workflow;
      assert.ok(workflow.on);
      assert.equal(workflow.permissions.contents, "read");
      for (const [job, { "runs-on": runner, "timeout-minutes": minutes, steps }] of Object.entries(workflow.jobs)) {
        assert.ok(runner && minutes > 0, job);
        for (const { uses, run } of steps) {
          assert.ok((uses === undefined) !== (run === undefined), `${job}: a step has either uses or run`);
          if (uses) assert.match(uses, /^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
          for (const script of scriptsOf(run ?? "")) assert.ok(script in scripts, `${job}: npm run ${script}`);
        }
      }
    });
  }

  test("ci.yml runs on both supported Node versions", async () => {
    const { jobs } = (await parsed(join(FORGE, "workflows", "ci.yml"))) as { jobs: { node: { strategy: { matrix: { node: number[] } } } } };
    assert.deepEqual(jobs.node.strategy.matrix.node, [22, 24]);
  });

  test("release.yml publishes with provenance, after the checks", async () => {
    const { jobs } = (await parsed(join(FORGE, "workflows", "release.yml"))) as {
      jobs: { publish: { permissions: Record<string, string>; steps: Step[] } };
    };
    assert.equal(jobs.publish.permissions["id-token"], "write");
    const commands = jobs.publish.steps.flatMap(({ run }) => run ?? []);
    assert.match(commands.at(-1) ?? "", /^npm publish --provenance /);
    assert.deepEqual(commands.slice(0, -1).flatMap(scriptsOf), ["release:check", "check", "test:unit", "test:package"]);
  });
});

test("the issue forms are valid YAML with unique ids", async () => {
  for (const name of ["bug.yml", "feature.yml"]) {
    const { body } = (await parsed(join(FORGE, "ISSUE_TEMPLATE", name))) as { body: { id: string; attributes: { label: string } }[] };
    assert.equal(new Set(body.map(({ id }) => id)).size, body.length, name);
    for (const { attributes } of body) assert.ok(attributes.label, name);
  }
  await parsed(join(FORGE, "ISSUE_TEMPLATE", "config.yml"));
});

test("every npm script that package.json and the documents name exists", async () => {
  const documents = ["README.md", "CONTRIBUTING.md", ".github/pull_request_template.md", "docs/README.md", "docs/benchmarks.md"];
  const texts = await Promise.all(documents.map((name) => readFile(join(ROOT, name), "utf8")));
  for (const text of [...texts, ...Object.values(scripts)])
    for (const script of scriptsOf(text)) assert.ok(script in scripts, `npm run ${script}`);
});

describe("a release", () => {
  const changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n## [1.2.0]\n";
  const rows: [name: string, tag: string, version: string, faults: string[]][] = [
    ["passes with one version everywhere", "v1.2.3", "1.2.3", []],
    ["needs the version as its tag", "v1.2.4", "1.2.3", ['tag "v1.2.4": wanted v1.2.3, the version in package.json']],
    ["needs a tag", "", "1.2.3", ['tag "": wanted v1.2.3, the version in package.json']],
    ["needs a section of the changelog", "v1.3.0", "1.3.0", ['CHANGELOG.md: section "## [1.3.0] - DATE" not found']],
    ["needs a date", "v1.2.0", "1.2.0", ['CHANGELOG.md: "## [1.2.0]": wanted "## [1.2.0] - YYYY-MM-DD"']],
  ];
  for (const [name, tag, wanted, faults] of rows)
    test(name, () => assert.deepEqual(releaseFaults({ tag, version: wanted, changelog }), faults));

  test("of the version in package.json has its section in CHANGELOG.md", async () => {
    const text = await readFile(join(ROOT, "CHANGELOG.md"), "utf8");
    assert.deepEqual(releaseFaults({ tag: `v${version}`, version, changelog: text }), []);
    assert.match(text, /^## \[Unreleased\]$/m);
  });
});
