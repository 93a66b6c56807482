import { isDeferred } from "../../definition/inputs.ts";
import { networkKind } from "../../definition/service-network.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import { list, type Seen } from "../subject.ts";

/** The annotation that says how sensitive a service's work is: any word, the same for all services of one machine. */
export const SENSITIVITY = "sensitivity";

/** What of the host is the host: written to, it is no longer the image that was reviewed. */
const HOST_PATHS = [
  "/boot",
  "/dev",
  "/etc",
  "/init",
  "/lib",
  "/proc",
  "/sys",
  "/usr",
  "/bin",
  "/sbin",
  "/containers",
  "/run/linuxkit",
  "/run/containerd",
];
const SOCKETS = /\/(?:docker|containerd|crio|podman)\.sock$/;

/** How services are kept apart from each other and from the host's files: SP 800-190 4.3, 4.4.2 and 4.5.5. */
export const ISOLATION_RULES: Rules = {
  "host-network": {
    sections: ["4.3.3", "4.4.2"],
    level: "advisory",
    holds: "every service has a network of its own",
    check: ({ services }) =>
      services.flatMap(({ container, at }) =>
        [container.net, container.publish, container.egress].some(isDeferred) || networkKind(container) !== "host"
          ? []
          : [
              {
                path: at("net"),
                message: "it is on the host's network: it reaches every other service there, and anything outside",
                remedy: 'net: "private" with `publish` and `egress`, or net: "none"',
              },
            ],
      ),
  },
  "egress-open": {
    sections: ["4.4.2"],
    level: "advisory",
    holds: "what a service connects to is named",
    check: ({ services }) =>
      services.flatMap(({ container, at }) =>
        list(container.egress).flatMap((rule, index): Found[] =>
          !isDeferred(rule) && (rule.to === "any" || rule.to === "0.0.0.0/0")
            ? [
                {
                  path: at("egress", index, "to"),
                  message: "it may connect to anything",
                  remedy: "name the addresses and ports that it needs",
                },
              ]
            : [],
        ),
      ),
  },
  "sensitivity-mixed": {
    sections: ["4.3.4"],
    level: "mandatory",
    holds: "the services of one machine are equally sensitive",
    check: ({ services }) => {
      const levels = services
        .filter(({ container }) => !isDeferred(container.annotations))
        .map((service) => [service, service.container.annotations?.[SENSITIVITY]] as const);
      const [first, firstLevel] = levels.find(([, level]) => level !== undefined) ?? [];
      if (!first) return [];
      return levels.flatMap(([{ at }, level]): Found[] => {
        if (level === firstLevel) return [];
        const message =
          level === undefined
            ? `it has no level, and services.${first.name} has "${firstLevel}"`
            : `got "${level}", and services.${first.name} has "${firstLevel}"`;
        return [{ path: at("annotations", SENSITIVITY), message, remedy: "give it the same level, or a machine of its own" }];
      });
    },
  },
  "host-files": {
    sections: ["4.5.5"],
    level: "mandatory",
    holds: "no service writes to the host's own files, or to a socket that starts containers",
    check: ({ services }) =>
      services.flatMap((service) =>
        writable(service).flatMap(({ path, source }): Found[] => {
          if (SOCKETS.test(source))
            return [{ path, message: `${source} starts containers with any right`, remedy: "let no service have it" }];
          return isHost(source)
            ? [{ path, message: `it may write to the host's ${source}`, remedy: "add :ro, or bind the one file below it that it needs" }]
            : [];
        }),
      ),
  },
  "shared-folder": {
    sections: ["4.5.5"],
    level: "advisory",
    holds: "data that stays is in volumes",
    check: ({ services }) =>
      services.flatMap((service) =>
        writable(service).flatMap(({ path, source }): Found[] =>
          isHost(source) || SOCKETS.test(source) || source.startsWith("/run/")
            ? []
            : [
                {
                  path,
                  message: `it writes to ${source} of the host, where any other service may`,
                  remedy: "declare a Volume and bind that by its name",
                },
              ],
        ),
      ),
  },
};

function isHost(source: string): boolean {
  const plain = source.replace(/\/+$/, "");
  // the folder above is as good as the folder itself; a single device or file of /dev is named
  return plain === "" || HOST_PATHS.some((path) => plain === path || (path !== "/dev" && plain.startsWith(`${path}/`)));
}

/** Folders and files of the host that a service may write to. */
function writable({ container, at }: Seen): { readonly path: string; readonly source: string }[] {
  const binds = (["binds", "binds.add"] as const).flatMap((field) =>
    list(container[field]).flatMap((bind, index) => {
      if (typeof bind !== "string") return [];
      const [source = "", , options = ""] = bind.split(":");
      return source.startsWith("/") && !options.split(",").includes("ro") ? [{ path: at(field, index), source }] : [];
    }),
  );
  const mounts = list(container.mounts).flatMap((mount, index) => {
    if (isDeferred(mount) || mount.type !== "bind" || typeof mount.source !== "string") return [];
    return mount.source.startsWith("/") && !list(mount.options).includes("ro") ? [{ path: at("mounts", index), source: mount.source }] : [];
  });
  return [...binds, ...mounts];
}
