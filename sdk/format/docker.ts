import { type Entry, fileEntry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import type { FormatWriter, Parts } from "./parts.ts";
import { withBoot } from "./tar.ts";

/** `docker`: the root filesystem as a context for `docker build`, to inspect an OS or try parts of it without booting. */
export const docker: FormatWriter = {
  needs: "tree",
  suffixes: [".docker"],
  files: (parts) => [{ role: "image", suffix: ".docker", open: () => writeTar(withDockerfile(parts)) }],
};

/** LinuxKit's init script that only starts containers. */
const RC_INIT = "bin/rc.init";

async function* withDockerfile(parts: Parts): AsyncGenerator<Entry> {
  let init = "init";
  for await (const entry of withBoot(parts)) {
    if (entry.path === "Dockerfile") continue;
    if (entry.path === RC_INIT) init = RC_INIT;
    yield entry;
  }
  yield fileEntry("Dockerfile", `FROM scratch\nCOPY . /\nENTRYPOINT ["/${init}"]\n`);
}
