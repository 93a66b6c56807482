import type { Json } from "../../core/json.ts";
import type { Rules } from "../rule.ts";

/** Microseconds in which a container uses up its quota, by default (Linux, cgroup-v2.rst, "cpu.max"). */
const CPU_PERIOD = 100_000;

/** Rules on what a container may use up. */
export const LIMIT_RULES: Rules = {
  limit: {
    noun: ({ name }) => name,
    unset: () => "no limit",
    // relative weights, processors and disks are shares, not limits
    rank: (value, { name }) =>
      name === "cpu period"
        ? -Number(value ?? CPU_PERIOD)
        : /^(?:memory (?:limit|reservation|swap|kernel)|pids limit|cpu quota|huge pages of|blockio throttle)/.test(name)
          ? most(value)
          : 0,
    why: { widens: "it may use up more of the machine", narrows: "it can use up less of the machine" },
  },
  rlimit: {
    noun: ({ name }) => `limit ${name}`,
    // what it had without a limit of its own is its parent's, which nothing here says; it has at most no limit
    rank: (value) => (value !== undefined && highest(value) === Number.MAX_VALUE ? 1 : 0),
    compare: (before, after) => highest(after) - highest(before),
    why: { widens: "its processes may use more", narrows: "its processes can use less" },
  },
  "oom-score": {
    noun: () => "OOM score",
    rank: (value) => -Number(value ?? 0),
    why: { widens: "others are killed before it when memory runs out", narrows: "it is killed earlier when memory runs out" },
  },
};

/** How much a limit allows: no limit and -1 are the most. */
function most(value: Json | undefined): number {
  return value === undefined || value === -1 ? Number.MAX_VALUE : Number(value);
}

function highest(value: Json): number {
  return Math.max(...String(value).split(",").map(amount));
}

function amount(text: string): number {
  return text.toLowerCase() === "unlimited" ? Number.MAX_VALUE : Number(text);
}
