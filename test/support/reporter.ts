import { relative } from "node:path";
import { Readable } from "node:stream";
import { spec } from "node:test/reporters";

interface Event {
  readonly type: string;
  readonly data: { readonly file?: string; readonly duration_ms?: number; readonly message?: string; readonly nesting?: number };
}

/** The suite of a test file, from its name: `x.boot.test.ts` is in `boot`, `x.test.ts` in `unit`. */
function suiteOf(file: string): string {
  return /\.(\w+)\.test\.ts$/.exec(file)?.[1] ?? "unit";
}

/** The files that are named with their seconds: what to trim first. */
const SLOWEST = 25;

/** Passes the runner's events on, with the slowest files and the minutes of each suite before the runner's own summary. */
async function* withMinutes(events: AsyncIterable<Event>): AsyncGenerator<Event> {
  const minutes = new Map<string, number>();
  const files: [file: string, milliseconds: number][] = [];
  let told = false;
  for await (const event of events) {
    const { file, duration_ms: spent, message } = event.data ?? {};
    if (event.type === "test:summary" && file && spent) {
      const suite = suiteOf(file);
      minutes.set(suite, (minutes.get(suite) ?? 0) + spent / 60_000);
      files.push([relative("test", file), spent]);
    }
    if (!told && event.type === "test:diagnostic" && message?.startsWith("tests ")) {
      told = true;
      const slowest = files.sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
      for (const [file, spent] of slowest)
        yield { type: "test:diagnostic", data: { ...event.data, message: `seconds of ${file}: ${(spent / 1000).toFixed(0)}` } };
      for (const [suite, spentMinutes] of [...minutes].sort()) {
        yield { type: "test:diagnostic", data: { ...event.data, message: `minutes of ${suite}: ${spentMinutes.toFixed(2)}` } };
      }
    }
    yield event;
  }
}

/** The runner's `spec` reporter, with the minutes by suite. */
export default async function* reporter(events: AsyncIterable<Event>): AsyncGenerator<string> {
  yield* Readable.from(withMinutes(events)).compose(new spec()) as AsyncIterable<string>;
}
