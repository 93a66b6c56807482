import type { Container } from "../../definition/container.ts";
import { extraCalls, type SeccompProfile } from "../../definition/seccomp.ts";
import type { PartFacts } from "../fact.ts";

type Rule = SeccompProfile["syscalls"][number];

/** The facts of which system calls a container may make: the kind of its filter, and each call that a filter of its own names. */
export function addSeccomp(facts: PartFacts, seccomp: NonNullable<Container["seccomp"]>): void {
  for (const call of extraCalls(seccomp)) facts.add("system-call", call, ["seccomp", "allow", call], true);
  if (typeof seccomp === "string" || "base" in seccomp) {
    facts.add("seccomp", "", ["seccomp"], seccomp === "unconfined" ? seccomp : undefined);
    return;
  }
  const { defaultAction, defaultErrnoRet, architectures = [], syscalls } = seccomp;
  facts.add("seccomp", "", ["seccomp"], "a profile of its own");
  facts.add("seccomp-default", "", ["seccomp", "defaultAction"], said(defaultAction, defaultErrnoRet));
  for (const name of new Set(architectures)) facts.add("seccomp-architecture", name, ["seccomp", "architectures", name], true);
  const lasts = new Map<string, { readonly isAllowed: boolean; readonly place: number }>();
  for (const rule of syscalls) {
    const isAllowed = allows(rule.action);
    for (const call of new Set(rule.names)) {
      // the first rule that matches counts, so that a refusal before an allowance differs from one after it
      const last = lasts.get(call);
      const place = last === undefined ? 0 : last.place + (last.isAllowed === isAllowed ? 0 : 1);
      lasts.set(call, { isAllowed, place });
      const name = `${call}${conditions(rule)}`;
      const at = ["seccomp", "syscalls", name, `${place} ${isAllowed ? "allowed" : "refused"}`];
      facts.add(isAllowed ? "system-call" : "system-call-refused", name, at, said(rule.action, rule.errnoRet));
    }
  }
}

/** Whether a call is made: `SCMP_ACT_LOG` only writes it down (seccomp(2), SECCOMP_RET_LOG). */
export function allows(action: string): boolean {
  return /^SCMP_ACT_(?:ALLOW|LOG)\b/.test(action);
}

function said(action: string, errno: number | undefined): string {
  return errno === undefined ? action : `${action} ${errno}`;
}

function conditions({ args = [] }: Rule): string {
  const each = args.map(
    ({ index, op, value, valueTwo }) => `argument ${index} ${op} ${value}${valueTwo === undefined ? "" : ` ${valueTwo}`}`,
  );
  return each.length === 0 ? "" : ` with ${each.join(" and ")}`;
}
