import type { z } from "zod";
import { type Failure, failure } from "../core/failure.ts";
import { formatPath, type Step } from "../core/property-path.ts";
import { parse } from "../schema/parse.ts";
import { isSecretAt } from "./input.ts";
import type { CheckFailure, Checked } from "./resource-type.ts";
import { type Properties, UNKNOWN, type Value } from "./value.ts";

/** Reports a failure: its path, and the value got and the values wanted. `undefined` means that nothing is wrong. */
export type Fail = (steps: readonly Step[], message: string | undefined) => void;

/**
 * A rule over several inputs. It sees the checked inputs. One that is unknown, or invalid by itself, is `UNKNOWN` as a whole or
 * in part; a rule ignores it.
 */
export type Rule = (inputs: Properties, fail: Fail) => void;

export interface CheckOptions {
  /** Whether an input came as a secret: `({ inputs, isSecret }) => checkInputs(schema, inputs, { isSecret })`. @default the schema alone decides */
  readonly isSecret?: (path: string) => boolean;
  /** Checks across several inputs. @default none */
  readonly rules?: readonly Rule[];
}

/**
 * Checks and completes inputs by a schema. An unknown value passes everywhere and stays unchanged; everything beside
 * it is checked. Each failure has its own path. No message shows a secret.
 */
export function checkInputs(schema: z.ZodObject, given: Properties, { isSecret, rules = [] }: CheckOptions = {}): Checked {
  const members = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
  const hides = (steps: readonly Step[]): boolean => isSecretAt(schema, steps) || isSecret?.(formatPath(steps)) === true;
  const parsed = parse(schema, members, { isSecret: hides });
  const failures: Failure[] = [...parsed.failures];
  const inputs = (parsed.value ?? withoutWrong(schema, members, hides)) as Properties;
  for (const rule of rules) {
    rule(inputs, (steps, message) => {
      if (message !== undefined) failures.push(failure(steps, message));
    });
  }
  return { inputs: parsed.value ? inputs : given, failures: failures.map(({ path, message }): CheckFailure => ({ path, message })) };
}

/** Each member checked alone: the invalid ones are unknown, so that the rules still see the others. */
function withoutWrong(schema: z.ZodObject, members: Properties, isSecret: (steps: readonly Step[]) => boolean): Properties {
  return Object.fromEntries(
    Object.entries(schema.shape).flatMap(([name, member]): [string, Value][] => {
      if (members[name] === undefined && member._zod.optin === "optional") return [];
      const { value, failures } = parse(member as z.ZodType, members[name], { isSecret: (steps) => isSecret([name, ...steps]) });
      if (failures.length > 0) return [[name, UNKNOWN]];
      return value === undefined ? [] : [[name, value as Value]];
    }),
  );
}
