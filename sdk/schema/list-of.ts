import { z } from "zod";

/** Most members of a list or a map in a document from outside, where its own limit is not lower. */
const MEMBERS_MAX = 1_000_000;

/**
 * A list in a document from outside, checked up to its first wrong member. zod's own list keeps an issue of about a kilobyte
 * for each wrong one, so a list of 4 million zeros would take 4 GB.
 *
 * @param most members that it may have @default 1 million
 */
export function listOf<S extends z.ZodType>(member: S, most = MEMBERS_MAX) {
  return z
    .array(z.unknown())
    .max(most)
    .transform((members, context): z.output<S>[] => checked(members.entries(), member, context).map(([, value]) => value));
}

/** As {@link listOf}, for an object with names of any kind. */
export function mapOf<S extends z.ZodType>(member: S) {
  return z
    .custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value), "Invalid input: expected object")
    .transform(
      (members, context): Record<string, z.output<S>> => Object.fromEntries(checked(Object.entries(members).values(), member, context)),
    );
}

function checked<K extends string | number, S extends z.ZodType>(
  members: Iterable<[K, unknown]>,
  schema: S,
  context: z.RefinementCtx,
): [K, z.output<S>][] {
  const good: [K, z.output<S>][] = [];
  for (const [name, member] of members) {
    const parsed = schema.safeParse(member);
    if (parsed.success) good.push([name, parsed.data]);
    else {
      const [issue] = parsed.error.issues;
      context.addIssue({ code: "custom", message: issue?.message ?? "invalid", path: [name, ...(issue?.path ?? [])], input: undefined });
      break;
    }
  }
  return good;
}
