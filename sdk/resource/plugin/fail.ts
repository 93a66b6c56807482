import { isLinuxKitError } from "../../core/errors.ts";

/** Takes the failure of an input, by its path; no message is none. */
export type Fail = (path: string, message: string | undefined) => void;

/** Tells what a check throws, by the path that its message begins with; where it begins with none, by `path`. */
export function saying(path: string, check: () => unknown, fail: Fail): void {
  try {
    check();
  } catch (error) {
    if (!isLinuxKitError(error)) throw error;
    const [, own, message] = /^((?:push|cache|artifact|secureBoot)[.\w[\]]*): (.*)$/s.exec(error.message) ?? [];
    fail(own ?? path, message ?? error.message);
  }
}
