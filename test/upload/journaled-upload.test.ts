import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openJournal } from "../../sdk/upload/journal.ts";
import { bytesToSend, journaledUpload } from "../../sdk/upload/journaled-upload.ts";
import { scratch } from "../support/judge.ts";

interface Row {
  readonly what: string;
  /** Lines of an earlier run. */
  readonly before?: readonly object[];
  /** What an earlier upload has left. */
  readonly left?: readonly string[];
  readonly write: (begins: (name: string | undefined) => void, cloud: Set<string>) => Promise<string>;
  readonly aborted?: boolean;
  readonly wanted: { readonly result: string | RegExp; readonly cloud: readonly string[]; readonly lines?: readonly string[] };
}

const ROWS: readonly Row[] = [
  {
    what: "keeps what it has written",
    write: async (begins, cloud) => {
      begins("new");
      cloud.add("new");
      return "new";
    },
    wanted: { result: "new", cloud: ["new"] },
  },
  {
    what: "leaves alone what its journal does not name",
    left: ["of another host"],
    write: async () => "new",
    wanted: { result: "new", cloud: ["of another host"] },
  },
  {
    what: "keeps what its own earlier run has begun",
    before: [{ name: "earlier" }],
    left: ["earlier"],
    write: async () => "earlier",
    wanted: { result: "earlier", cloud: ["earlier"] },
  },
  {
    what: "undoes a failed write, also where the answer with the name was lost",
    write: async (begins, cloud) => {
      cloud.add("one").add("two");
      begins("one");
      throw new Error("refused");
    },
    wanted: { result: /^refused$/, cloud: [] },
  },
  {
    what: "rejects with the reason of a cancel",
    aborted: true,
    write: async () => {
      throw new Error("a socket was closed");
    },
    wanted: { result: /^it was cancelled$/, cloud: [] },
  },
];

for (const { what, before = [], left = [], write, aborted, wanted } of ROWS) {
  test(`an upload ${what}`, async () => {
    await using folder = await scratch();
    const path = join(folder.path, "uploads", "k.jsonl");
    const earlier = await openJournal(path);
    for (const line of before) await earlier.append(line);
    await earlier.close();
    const cloud = new Set(left);
    const lines: string[] = [];
    const done = journaledUpload({
      journal: await openJournal(path),
      signal: aborted ? AbortSignal.abort(new Error("it was cancelled")) : new AbortController().signal,
      onProgress: ({ message }) => void lines.push(message),
      undoMs: 1000,
      lost: async () => [...cloud],
      remove: async (name) => void cloud.delete(name),
      write: (begins) => write(begins, cloud),
    });
    if (typeof wanted.result === "string") assert.equal(await done, wanted.result);
    else await assert.rejects(done, { message: wanted.result });
    assert.deepEqual([[...cloud], lines], [wanted.cloud, wanted.lines ?? []]);
    // neither outcome leaves anything to resume
    assert.deepEqual(await readdir(join(folder.path, "uploads")), []);
  });
}

test("what is to send is told in megabytes", () => {
  assert.equal(bytesToSend(52_400_000, 0), "52.4 MB to send");
  assert.equal(bytesToSend(52_400_000, 12_600_000), "resuming: 12.6 MB already sent, 52.4 MB left");
});
