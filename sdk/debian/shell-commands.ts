import { type Piece, shellTokens, type Token } from "./shell-tokens.ts";

/** Stands in a word for what only a running script knows. No word of a script has it itself. */
export const UNKNOWN = "\0";

/** The most commands that loops make of one script. */
const MOST_COMMANDS = 4096;

/** How much text of one variable is kept. */
const LONGEST_VALUE = 64 << 10;

/** Commands inside commands inside commands. */
const DEEPEST = 16;

/** Words that stand before a command and are no command themselves (POSIX.1-2017, XCU 2.4 and 2.9.4). */
const RESERVED = new Set(["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "{", "}", "!"]);

interface Reading {
  readonly variables: Map<string, string>;
  readonly commands: string[][];
  readonly depth: number;
}

/**
 * The simple commands of a shell script, in order, as data: nothing is run. Variables with known values are expanded and
 * `for` loops are unrolled. Every branch is taken, because a test's result is not known; a value that a command gives
 * is {@link UNKNOWN}. Commands inside `$(…)` come before the command that uses them.
 *
 * Source: POSIX.1-2017, Shell Command Language: 2.6 (expansions), 2.9 (commands).
 *
 * @param given values of variables and positional parameters (`1`, `DPKG_ROOT`)
 */
export function shellCommands(script: string, given: Readonly<Record<string, string>> = {}): string[][] {
  const commands: string[][] = [];
  read(shellTokens(script), { variables: new Map(Object.entries(given)), commands, depth: 0 });
  return commands;
}

function read(tokens: readonly Token[], reading: Reading): void {
  let words: (readonly Piece[])[] = [];
  let brackets = 0;
  const end = (): void => {
    if (words.length > 0) readCommand(words, reading);
    words = [];
  };
  for (let at = 0; at < tokens.length && reading.commands.length < MOST_COMMANDS; at++) {
    const token = tokens[at] as Token;
    if ("sign" in token) {
      // before `(` stands the name of a function, before an unmatched `)` a pattern of `case`
      if (token.sign === "(") {
        words = [];
        brackets++;
      } else if (token.sign !== ")") end();
      else if (brackets > 0) {
        end();
        brackets--;
      } else words = [];
      continue;
    }
    const plain = words.length === 0 ? plainText(token.word) : undefined;
    if (plain === "for") at = readLoop(tokens, at, reading);
    else if (plain === "case") at = indexOfWord(tokens, at, "in");
    else if (plain === undefined || !RESERVED.has(plain)) words.push(token.word);
  }
  end();
}

/** Unrolls `for NAME in WORD…; do … done`; returns the place of its `done`. */
function readLoop(tokens: readonly Token[], at: number, reading: Reading): number {
  const name = wordAt(tokens, at + 1);
  const start = indexOfWord(tokens, at, "do");
  let depth = 1;
  let stop = start + 1;
  for (; stop < tokens.length && depth > 0; stop++) {
    const text = beginsCommand(tokens, stop) ? wordAt(tokens, stop) : undefined;
    if (text === "do") depth++;
    else if (text === "done") depth--;
  }
  const listed = wordAt(tokens, at + 2) === "in" ? tokens.slice(at + 3, start) : [];
  const values = listed.flatMap((token) => ("word" in token ? expand(token.word, reading.variables) : []));
  // a loop that is not closed goes to the end
  const body = tokens.slice(start + 1, depth > 0 ? stop : stop - 1);
  for (const value of values.length > 0 && reading.depth < DEEPEST ? values : [UNKNOWN]) {
    if (reading.commands.length >= MOST_COMMANDS) break;
    if (name !== undefined && value !== UNKNOWN) reading.variables.set(name, value);
    if (reading.depth < DEEPEST) read(body, { ...reading, depth: reading.depth + 1 });
  }
  return stop - 1;
}

function readCommand(words: readonly (readonly Piece[])[], reading: Reading): void {
  const { variables, commands, depth } = reading;
  for (const { kind, text } of words.flat()) {
    if (kind === "unknown" && text !== "" && depth < DEEPEST)
      read(shellTokens(text), { variables: new Map(variables), commands, depth: depth + 1 });
  }
  let first = 0;
  while (first < words.length && assign(words[first] as readonly Piece[], variables)) first++;
  const command = words.slice(first).flatMap((word) => expand(word, variables));
  if (command.length === 0) return;
  if (command[0] === "unset") for (const name of command.slice(1)) variables.delete(name);
  else if (/^(?:export|local|readonly)$/.test(command[0] ?? "")) for (const word of words.slice(first + 1)) assign(word, variables);
  commands.push(command);
}

/** Whether a word is an assignment. A value that is not known leaves the variable as it was. */
function assign([head, ...rest]: readonly Piece[], variables: Map<string, string>): boolean {
  const match = head?.kind === "plain" ? /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(head.text) : null;
  if (!head || !match) return false;
  const value = joined([{ kind: "quoted", text: head.text.slice(match[0].length) }, ...rest], variables);
  if (!value.includes(UNKNOWN) && value.length <= LONGEST_VALUE) variables.set(match[1] as string, value);
  return true;
}

/** The words that one word becomes: variables outside of quotes are split at spaces, and nothing unquoted is no word. */
function expand(word: readonly Piece[], variables: ReadonlyMap<string, string>): string[] {
  const isBare = word.every(({ kind }) => kind === "variable");
  if (isBare && word.every(({ text }) => /^[A-Za-z_]/.test(text) && !variables.has(text))) return [];
  const value = joined(word, variables);
  const splits = isBare || word.some(({ kind, text }) => kind === "variable" && /\s/.test(variables.get(text) ?? ""));
  return splits ? value.split(/\s+/).filter((part) => part !== "") : [value];
}

function joined(word: readonly Piece[], variables: ReadonlyMap<string, string>): string {
  const known = ({ kind, text }: Piece): string =>
    kind === "unknown" ? UNKNOWN : kind.endsWith("variable") ? (variables.get(text) ?? UNKNOWN) : text.replaceAll(UNKNOWN, "");
  return word.map(known).join("");
}

function plainText(word: readonly Piece[]): string | undefined {
  return word.every(({ kind }) => kind === "plain") ? word.map(({ text }) => text).join("") : undefined;
}

function wordAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token && "word" in token ? plainText(token.word) : undefined;
}

function beginsCommand(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  return before === undefined || "sign" in before || RESERVED.has(plainText(before.word) ?? "");
}

function indexOfWord(tokens: readonly Token[], from: number, text: string): number {
  for (let at = from; at < tokens.length; at++) if (wordAt(tokens, at) === text) return at;
  return tokens.length;
}
