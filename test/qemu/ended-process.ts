import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { identify, type ProcessId } from "../../providers/qemu/plugin/process-id.ts";

/** Identity of a process that has ended. */
export async function endedProcess(): Promise<ProcessId> {
  const child = spawn("/bin/sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
  const found = await identify(child.pid as number);
  child.stdin.end();
  await once(child, "close");
  assert.ok(found);
  return found;
}
