import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, describe, test } from "node:test";
import type { Command, Terminal } from "../../sdk/cli/command.ts";
import { UsageError } from "../../sdk/cli/command.ts";
import { COMMANDS } from "../../sdk/cli/commands.ts";

const printed = async (...args: string[]): Promise<string> => {
  const lines: string[] = [];
  const terminal = { print: (line: string) => lines.push(line) } as unknown as Terminal;
  await (await (COMMANDS["completion"] as (typeof COMMANDS)[string]).load()).run(args, terminal);
  return lines.join("\n");
};

/** What bash completes the last of these words to, by the function that the script registers. */
const complete = (script: string, words: readonly string[]): string[] =>
  execFileSync(
    "bash",
    [
      "--norc",
      "-uc",
      `${script}\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1))\n[[ $(complete -p pulumi-linuxkit) =~ -F\\ ([^ ]+) ]]\n"\${BASH_REMATCH[1]}"\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ],
    { encoding: "utf8" },
  )
    .split("\n")
    .filter(Boolean);

describe("bash completes", () => {
  let script = "";
  before(async () => {
    script = await printed("bash");
  });
  for (const [what, words, want] of [
    ["commands", ["bu"], ["build"]],
    ["the program's own options", ["--v"], ["--version"]],
    ["an option", ["build", "os.ts", "--cyc"], ["--cyclonedx"]],
    ["both options of a line", ["build", "--secure-boot-"], ["--secure-boot-key", "--secure-boot-certificate", "--secure-boot-passphrase"]],
    ["an option with a short form", ["exec", "--int"], ["--interactive"]],
    ["only options of this command", ["describe", "--publish"], []],
    ["names of files, which it knows itself, behind a command", ["build", "os"], []],
    ["commands behind `help`", ["help", "upg"], ["upgrade"]],
    ["shells", ["completion", ""], ["bash", "zsh", "fish"]],
    ["nothing behind a word that is no command", ["biuld", "--"], []],
  ] as const)
    test(what, () => assert.deepEqual(complete(script, ["pulumi-linuxkit", ...words]), want));

  test("every command, and each option that its help names", async () => {
    assert.deepEqual(complete(script, ["pulumi-linuxkit", ""]), [...Object.keys(COMMANDS), "help"]);
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      const { help }: Command = await load();
      const named = new Set([...help.matchAll(/^ {2}(--[a-z][a-z-]*)/gm)].map(([, option]) => option));
      const completed = complete(script, ["pulumi-linuxkit", name, "-"]);
      assert.deepEqual(
        [...named].filter((option) => !completed.includes(option ?? "")),
        [],
        name,
      );
    }
  });
});

test("zsh takes the same function, fish has a line for each, and another shell is refused", async () => {
  const [bash, zsh, fish] = [await printed("bash"), await printed("zsh"), await printed("fish")];
  assert.ok(zsh.endsWith(bash));
  assert.match(fish, /^complete -c pulumi-linuxkit -n '__fish_seen_subcommand_from build' -l cyclonedx$/m);
  assert.match(fish, /^complete -c pulumi-linuxkit -n '__fish_seen_subcommand_from exec' -s i$/m);
  assert.match(fish, /^complete -c pulumi-linuxkit -f -n __fish_use_subcommand -a metrics -d 'Print a machine\\'s metrics/m);
  await assert.rejects(
    printed("tcsh"),
    (error: Error) => error instanceof UsageError && /wanted one of bash, zsh, fish/.test(error.message),
  );
});
