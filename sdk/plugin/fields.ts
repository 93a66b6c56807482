import { z } from "zod";
import type { Digest } from "../core/digest.ts";

/** Text that is not empty. */
export const text = z.string().min(1);

/** sha256 of a file. */
export const digest = z.string().regex(/^sha256:[\da-f]{64}$/, "sha256: and 64 hexadecimal digits") as unknown as z.ZodType<Digest>;

/**
 * Tags by key. @default none
 *
 * @param key what the cloud takes as a key
 * @param longest characters that it takes as a value
 */
export const tags = (key: z.ZodString, longest: number) => z.record(key, z.string().max(longest)).default({});
