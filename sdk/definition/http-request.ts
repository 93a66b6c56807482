import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";

/** What a GET asks for, and what it must be answered with. */
export interface HttpRequestArgs {
  /** The path that is asked for. @default "/" @example "/healthz" */
  readonly path?: Input<string | undefined>;
  /** The status that is healthy. @default 200 @example 204 */
  readonly status?: Input<number | undefined>;
}

/** The path of a request. */
export const requestPath = z.string().regex(/^\/[^\s\0]*$/, 'a path that begins with "/"');

/** The status of an answer. */
export const status = z.int().min(100).max(599);
