import { type Command, onlyOne, UsageError } from "./command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
const PROGRAM = "pulumi-linuxkit";

/** The subcommands as `help` lists them. */
type Table = Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>>;

/** What may follow a subcommand. */
interface Completion {
  readonly name: string;
  readonly summary: string;
  /** `--image`, `-i`… */
  readonly options: readonly string[];
  /** Words that are no options. @default names of files */
  readonly words?: readonly string[];
}

/** The command that prints a shell's completions, from the same table and the same help as `help` prints. */
export const completionOf = (table: Table): Command => ({
  help: `SHELL is ${SHELLS.join(", ")}. Prints what makes that shell complete commands and options of \`${PROGRAM}\`. The command must be
on PATH: installed by \`npm install --global\`, or with node_modules/.bin on PATH. Load it in the shell's start file:

  bash: source <(${PROGRAM} completion bash)
  zsh:  source <(${PROGRAM} completion zsh)
  fish: ${PROGRAM} completion fish | source`,

  async run(args, terminal) {
    const shell = onlyOne(args, "shells");
    const found: Completion[] = [];
    for (const [name, { summary, load }] of Object.entries(table))
      found.push({ name, summary, options: optionsIn((await load()).help), ...words(name) });
    const all = [...found, { name: "help", summary: "List a command's options", options: [], words: Object.keys(table) }];
    if (shell === "bash") terminal.print(bash(all));
    else if (shell === "zsh")
      terminal.print(`autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`);
    else if (shell === "fish") terminal.print(fish(all));
    else throw new UsageError(`got the shell "${shell}", wanted one of ${SHELLS.join(", ")}`);
  },
});

function words(name: string): { readonly words?: readonly string[] } {
  if (name === "completion") return { words: SHELLS };
  return name === "cache" ? { words: ["prune"] } : {};
}

/** The options of a help text: its lines begin with two spaces and an option; the explanation stands behind it. */
export function optionsIn(help: string): readonly string[] {
  const heads = help.split("\n").flatMap((line) => (/^ {2}-/.test(line) ? (line.trim().split(/ {2,}/)[0] ?? "") : []));
  const found = heads.flatMap((head) => [...head.matchAll(/(?:^|[ ,])(--?[a-z][a-z-]*)/g)].map(([, option = ""]) => option));
  return [...new Set([...found, "--help"])];
}

/** Bash, "Programmable Completion". Names of files are what `-o default` completes where nothing matches. */
function bash(all: readonly Completion[]): string {
  const cases = all.map(({ name, options, words: own = [] }) => `    ${name}) words="${own.join(" ")}" options="${options.join(" ")}" ;;`);
  return `_pulumi_linuxkit() {
  local current=\${COMP_WORDS[COMP_CWORD]} words="" options=""
  COMPREPLY=()
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${all.map(({ name }) => name).join(" ")}" options="--help --version"; fi
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _pulumi_linuxkit ${PROGRAM}`;
}

/** fish, "Writing your own completions". */
function fish(all: readonly Completion[]): string {
  const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
  return all
    .flatMap(({ name, summary, options, words: own }) => {
      const of = `complete -c ${PROGRAM} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
      return [
        `complete -c ${PROGRAM} -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
        ...options.map((option) => `${of} ${option.startsWith("--") ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`}`),
        ...(own ? [`${of} -f -a ${quoted(own.join(" "))}`] : []),
      ];
    })
    .join("\n");
}
