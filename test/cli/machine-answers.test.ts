import assert from "node:assert/strict";
import { test } from "node:test";
import { refuse } from "../../sdk/cli/machine.ts";

test("a program that the image lacks is refused with what to do, in crun's and in runc's words", () => {
  const answer = (message: string) => ({ code: "failed", status: 0, message }) as unknown as Parameters<typeof refuse>[0];
  for (const message of [
    "it cannot be started: crun ended with exit status 255: executable file `ls` not found in $PATH: No such file or directory",
    'it cannot be started: runc ended with exit status 255: exec failed: exec: "ls": executable file not found in $PATH',
  ])
    assert.throws(
      () => refuse(answer(message)),
      /not found in \$PATH.*; the image of the service has no such program: add its package to it$/,
    );
  assert.throws(() => refuse(answer("it cannot be started: crun ended with exit status 1")), /exit status 1$/);
});
