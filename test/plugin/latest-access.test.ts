import assert from "node:assert/strict";
import { test } from "node:test";
import { LatestAccess } from "../../sdk/plugin/latest-access.ts";

interface Inputs {
  readonly file: string;
  readonly place: string;
  readonly key?: string;
  readonly token?: string;
}

const FORMER: Inputs = { file: "old", place: "here", key: "former", token: "expired" };

const ROWS: readonly {
  readonly what: string;
  readonly now?: Inputs;
  readonly failures?: readonly { path: string; message: string }[];
  readonly wanted: Inputs;
}[] = [
  {
    what: "the latest credentials and nothing else of the latest inputs",
    now: { file: "new", place: "here", key: "present" },
    wanted: { file: "old", place: "here", key: "present" },
  },
  { what: "nothing newer, if the program no longer declares it", wanted: FORMER },
  { what: "nothing newer, for another place", now: { file: "new", place: "there", key: "present" }, wanted: FORMER },
  {
    what: "nothing newer, after a failed check",
    now: { file: "new", place: "here", key: "" },
    failures: [{ path: "key", message: "wanted one" }],
    wanted: FORMER,
  },
];

for (const { what, now, failures = [], wanted } of ROWS) {
  test(`the inputs of the state get ${what}`, () => {
    const latest = new LatestAccess<Inputs>(["key", "token"]);
    if (now) assert.deepEqual(latest.note("urn", { inputs: { ...now }, failures }), { inputs: now, failures });
    assert.deepEqual(
      latest.of("urn", FORMER, ({ place }) => place === FORMER.place),
      wanted,
    );
  });
}
