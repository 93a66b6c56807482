import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { judge } from "./judge.ts";

/** A real terminal, in which a command runs. */
export interface TmuxTerminal extends AsyncDisposable {
  /** Types keys, as `tmux send-keys` names them. */
  type(...keys: string[]): void;
  resize(columns: number, rows: number): void;
  /** The lines that it shows. */
  screen(): string;
  /** Waits until it shows what `pattern` matches. */
  until(pattern: RegExp): Promise<string>;
}

/** Runs a shell command in a new terminal of 100 columns and 30 rows. */
export async function tmux(command: string): Promise<TmuxTerminal> {
  const folder = await mkdtemp(join(tmpdir(), "tmux-"));
  const ask = (...args: string[]): string => judge("tmux", "-S", join(folder, "socket"), "-f", "/dev/null", ...args);
  ask("new-session", "-d", "-s", "test", "-x", "100", "-y", "30", command);
  ask("set-option", "-t", "test", "remain-on-exit", "on");
  const screen = (): string => ask("capture-pane", "-p", "-t", "test");
  return {
    type: (...keys) => void ask("send-keys", "-t", "test", ...keys),
    resize: (columns, rows) => void ask("resize-window", "-t", "test", "-x", String(columns), "-y", String(rows)),
    screen,
    async until(pattern) {
      for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
        const text = screen();
        if (pattern.test(text)) return text;
        await sleep(100);
      }
      throw new Error(`the terminal does not show ${pattern}:\n${screen()}`);
    },
    async [Symbol.asyncDispose]() {
      ask("kill-server");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
