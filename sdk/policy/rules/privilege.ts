import { isDeferred } from "../../core/deferred.ts";
import { labelText } from "../../definition/label.ts";
import { NETWORK_ADMIN, ownsItsNetwork } from "../../definition/network-admin.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import { list, type Seen, type Subject } from "../subject.ts";

const POWERS: Readonly<Record<string, string>> = {
  all: "it has all privileges of the host's root",
  CAP_NET_ADMIN: "it can reconfigure the machine's links, routes and firewall, also from a network beside the machine's",
  CAP_SYS_ADMIN: "it can mount, enter namespaces and reconfigure the kernel",
  CAP_SYS_MODULE: "it can load code into the kernel",
  CAP_SYS_PTRACE: "it can read and change the memory of other processes that it sees",
  CAP_SYS_RAWIO: "it can access the machine's memory and I/O ports",
};

const each = ({ services }: Subject, check: (service: Seen) => readonly Found[]): Found[] => services.flatMap(check);

/** Rules on the privileges of services: SP 800-190 4.1.2, 4.4.3 and 4.4.4. */
export const PRIVILEGE_RULES: Rules = {
  "image-label": {
    sections: ["4.1.2", "4.4.3"],
    level: "mandatory",
    holds: "no image's label opens the default sandbox",
    check: ({ containers }) =>
      containers.flatMap(({ container, label, at }): Found[] => {
        if (container.label !== "allow" || container.sandbox === "linuxkit" || typeof container.image !== "string") return [];
        if (label && Object.keys(label.wide).length === 0) return [];
        const message = label
          ? `the label of ${container.image} opens its sandbox: ${labelText(label.wide)}`
          : `the label of ${container.image} may open all of its sandbox, and it was not read`;
        const remedy = `set the fields that it needs in the definition instead${label ? "" : ", or pass the labels that imageLabels() reads"}`;
        return [{ path: at("label"), message, remedy }];
      }),
  },
  "linuxkit-label": {
    sections: ["4.1.2", "4.4.3"],
    level: "advisory",
    holds: "no image's label adds to LinuxKit's sandbox",
    check: ({ containers, context: { labels } }) =>
      containers.flatMap(({ container, label, at }): Found[] => {
        if (!labels || container.sandbox !== "linuxkit" || typeof container.image !== "string") return [];
        if (label && Object.keys(label.wide).length === 0) return [];
        return [
          {
            path: at("image"),
            message: label ? `its label adds ${labelText(label.wide)}` : "its label was not read",
            remedy: label ? "write these fields into the definition, where a review sees them" : "make the image available to the audit",
          },
        ];
      }),
  },
  "dangerous-capability": {
    sections: ["4.4.3"],
    level: "mandatory",
    holds: "no service has a capability that amounts to root on the host",
    check: (subject) =>
      each(subject, ({ container, at }) =>
        (["capabilities", "capabilities.add", "ambient"] as const).flatMap((field) =>
          list(container[field]).flatMap((name, index): Found[] => {
            const power = POWERS[String(name).toLowerCase() === "all" ? "all" : String(name)];
            const harmless = name === NETWORK_ADMIN && ownsItsNetwork(container.userns);
            return power === undefined || harmless
              ? []
              : [
                  {
                    path: at(field, index),
                    message: `got "${name}": ${power}`,
                    remedy: "name only the capabilities that it needs, or do the work in an onboot task",
                  },
                ];
          }),
        ),
      ),
  },
  "host-namespace": {
    sections: ["4.4.3"],
    level: "mandatory",
    holds: "no service shares the host's process, IPC or host name namespace, or its control groups",
    check: (subject) =>
      each(subject, ({ container, open, at }) =>
        (["pid", "ipc", "uts", "cgroup"] as const).flatMap((field): Found[] => {
          const word = container[field];
          // LinuxKit shows the machine's control groups to everybody, read-only
          const isHost = word === "host" || word === "root" || (open && field !== "pid" && field !== "cgroup" && !word);
          return isHost
            ? [
                {
                  path: at(field),
                  message: `it ${{ pid: "can see and signal the host's processes", ipc: "shares IPC with the host and with other services there", uts: "can read the host's name and, with a capability, change it", cgroup: "can take memory and processor time from other services, and stop them" }[field]}`,
                  remedy: `leave out ${field}${open ? ', and sandbox: "linuxkit"' : ""}`,
                },
              ]
            : [];
        }),
      ),
  },
  "seccomp-off": {
    sections: ["4.4.3"],
    level: "mandatory",
    holds: "the system calls of every service are filtered",
    check: (subject) =>
      each(subject, ({ container, open, at }) =>
        container.seccomp === "unconfined" || (open && container.seccomp === undefined)
          ? [
              {
                path: at("seccomp"),
                message: "it can make every system call of the kernel",
                remedy: 'leave out seccomp, or write a profile that allows what it needs; with sandbox: "linuxkit" set seccomp: "default"',
              },
            ]
          : [],
      ),
  },
  "new-privileges": {
    sections: ["4.1.2", "4.4.3"],
    level: "mandatory",
    holds: "a setuid program in a service gains no privileges",
    check: (subject) =>
      each(subject, ({ container, open, at }) =>
        container.noNewPrivileges === false || (open && container.noNewPrivileges === undefined)
          ? [
              {
                path: at("noNewPrivileges"),
                message: "a setuid program in it gets its owner's rights",
                remedy: "set noNewPrivileges: true",
              },
            ]
          : [],
      ),
  },
  "root-user": {
    sections: ["4.1.2"],
    level: "advisory",
    holds: "services do not run as root",
    check: (subject) =>
      each(subject, ({ container, at }) => {
        const { uid, userns, capabilities } = container;
        if (isDeferred(uid) || (uid !== undefined && uid !== 0 && uid !== "root" && uid !== "") || userns === "new" || userns === "private")
          return [];
        // a server that starts as root to bind its port, and then changes its user
        if (list(capabilities).includes("CAP_SETUID")) return [];
        return [{ path: at("uid"), message: "it runs as root, without a user namespace", remedy: 'give it a uid, or userns: "private"' }];
      }),
  },
  "root-writable": {
    sections: ["4.4.4", "4.5.5"],
    level: "mandatory",
    holds: "the root of every service is read-only",
    check: (subject) =>
      each(subject, ({ container, open, at }) =>
        container.readonly === false || (open && container.readonly === undefined)
          ? [
              {
                path: at("readonly"),
                message: "an intruder can leave programs in it",
                remedy: "set readonly: true, and tmpfs for the folders that it writes to",
              },
            ]
          : [],
      ),
  },
  "paths-unmasked": {
    sections: ["4.4.3"],
    level: "mandatory",
    holds: "the kernel's files are hidden from every service or read-only",
    check: (subject) =>
      each(subject, ({ container, open, at }) =>
        (["maskedPaths", "readonlyPaths"] as const).flatMap((field): Found[] => {
          const given = container[field];
          const isOpen = given === undefined ? open : !isDeferred(given) && given.length === 0;
          return isOpen
            ? [
                {
                  path: at(field),
                  message: `no path of /proc and /sys is ${field === "maskedPaths" ? "hidden from it" : "read-only for it"}`,
                  remedy: `leave out ${field}${open ? ', and sandbox: "linuxkit"' : ""}`,
                },
              ]
            : [];
        }),
      ),
  },
  "all-devices": {
    sections: ["4.4.3", "4.5.5"],
    level: "mandatory",
    holds: "services open only the devices that they name",
    check: (subject) =>
      each(subject, ({ container, at }) =>
        list(container.devices).flatMap((device, index) =>
          !isDeferred(device) && device.path === "all"
            ? [
                {
                  path: at("devices", index),
                  message: "it can open every device, including disks and memory",
                  remedy: "name the device by its path",
                },
              ]
            : [],
        ),
      ),
  },
  "memory-limit": {
    sections: ["4.4.3"],
    level: "advisory",
    holds: "the memory of every service is limited",
    check: (subject) =>
      each(subject, ({ container, at }) => {
        const { resources } = container;
        if (isDeferred(resources) || isDeferred(resources?.memory) || isDeferred(resources?.memory?.limit)) return [];
        const limit = resources?.memory?.limit ?? -1;
        return limit > 0
          ? []
          : [
              {
                path: at("resources", "memory", "limit"),
                message: "it can use up the memory of all services",
                remedy: "set resources: { memory: { limit: BYTES } }",
              },
            ];
      }),
  },
  "process-limit": {
    sections: ["4.4.3"],
    level: "mandatory",
    holds: "the processes of every service are limited",
    check: (subject) =>
      each(subject, ({ container, open, at }) => {
        const { resources } = container;
        if (isDeferred(resources) || isDeferred(resources?.pids) || isDeferred(resources?.pids?.limit)) return [];
        const limit = resources?.pids?.limit;
        return (limit ?? (open ? -1 : 1)) > 0
          ? []
          : [
              {
                path: at("resources", "pids", "limit"),
                message: "a fork bomb in it stops the other services",
                remedy: "set resources: { pids: { limit: 1024 } }",
              },
            ];
      }),
  },
};
