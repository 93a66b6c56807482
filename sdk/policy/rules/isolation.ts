import { isDeferred } from "../../core/deferred.ts";
import { networkKind } from "../../definition/service-network.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import { list, type Seen } from "../subject.ts";
import { type Bound, boundFromHost } from "./bound-from-host.ts";

/** The annotation for the sensitivity of a service: any word, which must be the same for all services of a machine. */
export const SENSITIVITY = "sensitivity";

/** Folders of the machine itself: if a service changes them, the machine no longer matches the reviewed image. */
const HOST_PATHS = ["/boot", "/dev", "/etc", "/init", "/lib", "/proc", "/sys", "/usr", "/bin", "/sbin", "/containers", "/run/linuxkit"];

/** Rules on the isolation of services from each other and from the host's files: SP 800-190 4.3, 4.4.2 and 4.5.5. */
export const ISOLATION_RULES: Rules = {
  "host-network": {
    sections: ["4.3.3", "4.4.2"],
    level: "advisory",
    holds: "every service has its own network",
    check: ({ services }) =>
      services.flatMap(({ container, at }) =>
        [container.net, container.publish, container.egress].some(isDeferred) || networkKind(container) !== "host"
          ? []
          : [
              {
                path: at("net"),
                message: "it is on the host's network: it can reach every other service there and any address outside",
                remedy: 'set net: "private" with `publish` and `egress`, or net: "none"',
              },
            ],
      ),
  },
  "egress-open": {
    sections: ["4.4.2"],
    level: "advisory",
    holds: "every service names the addresses that it connects to",
    check: ({ services }) =>
      services.flatMap(({ container, at }) =>
        list(container.egress).flatMap((rule, index): Found[] =>
          !isDeferred(rule) && (rule.to === "any" || rule.to === "0.0.0.0/0")
            ? [
                {
                  path: at("egress", index, "to"),
                  message: "it can connect to any address",
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
            ? `it has no level, but services.${first.name} has "${firstLevel}"`
            : `got "${level}", but services.${first.name} has "${firstLevel}"`;
        return [{ path: at("annotations", SENSITIVITY), message, remedy: "give it the same level, or its own machine" }];
      });
    },
  },
  "host-files": {
    sections: ["4.5.5"],
    level: "mandatory",
    holds: "no service writes to the host's own files",
    check: ({ services }) =>
      services.flatMap((service) =>
        writable(service).flatMap(({ path, source }): Found[] =>
          isHost(source)
            ? [{ path, message: `it can write to the host's ${source}`, remedy: "add :ro, or bind only the file that it needs" }]
            : [],
        ),
      ),
  },
  "shared-folder": {
    sections: ["4.5.5"],
    level: "advisory",
    holds: "persistent data is in volumes",
    check: ({ services }) =>
      services.flatMap((service) =>
        writable(service).flatMap(({ path, source }): Found[] =>
          isHost(source) || source.startsWith("/run/")
            ? []
            : [
                {
                  path,
                  message: `it can write to ${source} of the host, where other services can write too`,
                  remedy: "declare a Volume and bind it by its name",
                },
              ],
        ),
      ),
  },
};

function isHost(source: string): boolean {
  const plain = source.replace(/\/+$/, "");
  // a folder above one of these contains it; below /dev, only a named device or file is bound
  return plain === "" || HOST_PATHS.some((path) => plain === path || (path !== "/dev" && plain.startsWith(`${path}/`)));
}

/** Folders and files of the host that a service can write to. */
function writable(service: Seen): readonly Bound[] {
  return boundFromHost(service).filter(({ isWritable }) => isWritable);
}
