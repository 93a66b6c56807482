import { isContainerEngine } from "../../definition/container-engine.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import type { Seen, Subject } from "../subject.ts";
import { boundFromHost } from "./bound-from-host.ts";

/** Sockets on which they take orders, also below a folder of another name. */
const SOCKETS = /\/(?:buildkitd|containerd|cri-dockerd|crio|docker|podman)(?:-[\w.-]+)?\.sock$/;

/** Folders in which such sockets lie, and those above. */
const FOLDERS = ["/run/docker", "/run/containerd", "/run/crio", "/run/podman", "/run/buildkit"];

/**
 * What the other rules on privileges say of a container engine follows from what it is, so they are silent about it: their
 * findings would be waived as a whole.
 */
export const FOLDED: ReadonlySet<string> = new Set([
  "all-devices",
  "dangerous-capability",
  "host-files",
  "host-namespace",
  "new-privileges",
  "paths-unmasked",
  "process-limit",
  "root-user",
  "seccomp-off",
]);

/** The services that start containers for others. */
export function enginesOf({ services }: Subject): readonly Seen[] {
  return services.filter(({ container }) => isContainerEngine(container));
}

/** Rules on what starts containers beside the definition: SP 800-190 4.4.5. */
export const ENGINE_RULES: Rules = {
  "container-engine": {
    sections: ["4.4.5", "4.5.5"],
    level: "mandatory",
    holds: "no service is a container engine, or reaches the socket of one",
    check: (subject) => {
      const engines = enginesOf(subject);
      return subject.services.flatMap((service): Found[] =>
        engines.includes(service)
          ? [
              {
                path: service.at(),
                message: "it is a container engine: what it starts has any privilege, and no review of this definition shows it",
                remedy: "waive this rule for it with the reason, or run what it would start as services",
              },
            ]
          : reached(service, engines),
      );
    },
  },
};

/** A connection to a socket is no write to its file, so a read-only bind gives it too (path_resolution(7); unix(7)). */
function reached(service: Seen, engines: readonly Seen[]): Found[] {
  const shared = engines.flatMap(boundFromHost).map(({ source }) => plainPath(source));
  const folders = [...FOLDERS, ...shared.filter((folder) => folder.startsWith("/run/"))];
  return boundFromHost(service).flatMap(({ path, source }): Found[] => {
    const plain = plainPath(source);
    const within = folders.some((folder) => plain === folder || plain.startsWith(`${folder}/`));
    const above = engines.length > 0 && folders.some((folder) => plain === "/" || folder.startsWith(`${plain}/`));
    if (!SOCKETS.test(plain) && !within && !above) return [];
    const what = SOCKETS.test(plain) ? `${source} is` : `${source} holds`;
    return [
      {
        path,
        message: `${what} a socket that starts containers with any privilege, also where it is bound read-only`,
        remedy: "remove it from the service",
      },
    ];
  });
}

function plainPath(source: string): string {
  return `/${source.split("/").filter(Boolean).join("/")}`.replace(/^\/var\/run(?=\/|$)/, "/run");
}
