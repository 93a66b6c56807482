import { formatPath } from "../../core/property-path.ts";
import { isDeferred } from "../../core/deferred.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import { list, type Seen } from "../subject.ts";

/** Rules on the machine itself and on access to it: SP 800-190 4.1.2 and 4.5. */
export const HOST_RULES: Rules = {
  "remote-shell": {
    sections: ["4.1.2", "4.5.4"],
    level: "mandatory",
    holds: "no container is an SSH server or a login",
    check: ({ containers }) =>
      containers.flatMap((seen): Found[] => {
        const what = loginOf(seen);
        return what === undefined
          ? []
          : [
              {
                path: seen.at("image"),
                message: `it is ${what}: it lets people in, and lets them make changes without review`,
                remedy: "leave it out: replace a machine instead of changing it, and read its logs and health from outside",
              },
            ];
      }),
  },
  "setuid-file": {
    sections: ["4.1.2"],
    level: "mandatory",
    holds: "no file is setuid or setgid",
    check: ({ definition, containers }) => [
      ...list(definition.files).flatMap((file) => (isDeferred(file) ? [] : setuid(file.mode, formatPath(["files", file.path, "mode"])))),
      ...containers.flatMap(({ container, at }) =>
        typeof container.image !== "object" || isDeferred(container.image) || isDeferred(container.image.debian)
          ? []
          : list(container.image.debian.files).flatMap((file) =>
              isDeferred(file) ? [] : setuid(file.mode, at("image", "files", file.path, "mode")),
            ),
      ),
    ],
  },
  "kernel-hardened": {
    sections: ["4.5.2"],
    level: "mandatory",
    holds: "the kernel is hardened",
    check: ({ definition: { kernel, harden }, context: { profile = "default", hardeningScore }, hardening }) => {
      if (!kernel || isDeferred(harden) || isDeferred(harden?.profile)) return [];
      if (!harden)
        return [
          {
            path: "harden",
            message: "the kernel, which all containers share, is not hardened",
            remedy: `use harden(image, { profile: "${profile}" })`,
          },
        ];
      const found: Found[] = [];
      if (profile === "strict" && harden.profile !== "strict")
        found.push({
          path: "harden.profile",
          message: `got "${harden.profile}", wanted "strict"`,
          remedy: 'set profile: "strict", and waive the settings that you cannot use',
        });
      const { on, off, waived } = hardening.settings;
      const score = Math.floor((100 * on) / (on + off + waived));
      if (hardeningScore !== undefined && score < hardeningScore) {
        found.push({
          path: "harden",
          message: `${score} % of the settings are on, wanted ${hardeningScore} %`,
          remedy: 'set profile: "strict", or waive fewer settings: `npx pulumi-linuxkit audit` lists them',
        });
      }
      return found;
    },
  },
  "init-image": {
    sections: ["4.5.1"],
    level: "advisory",
    holds: "the host's root filesystem contains only the default init",
    check: ({ definition }) =>
      list(definition.init).flatMap((source, index): Found[] =>
        typeof source === "string"
          ? [
              {
                path: formatPath(["init", index]),
                message: `${source} is unpacked into the machine's root filesystem, outside any container`,
                remedy: "use debian.init(), and run other programs as services",
              },
            ]
          : [],
      ),
  },
  "host-program": {
    sections: ["4.5.1"],
    level: "advisory",
    holds: "no file of the definition is a program of the host",
    check: ({ definition }) =>
      list(definition.files).flatMap((file): Found[] => {
        if (isDeferred(file) || file.directory || file.symlink !== undefined || typeof file.mode !== "string") return [];
        return Number.parseInt(file.mode, 8) & 0o111
          ? [
              {
                path: formatPath(["files", file.path, "mode"]),
                message: "it is a program in the machine's root filesystem",
                remedy: "put it into a container's image",
              },
            ]
          : [];
      }),
  },
};

function loginOf({ container }: Seen): string | undefined {
  const { image, command } = container;
  const packages = typeof image === "object" && !isDeferred(image) && !isDeferred(image.debian) ? list(image.debian.packages) : [];
  const reference = typeof image === "string" ? image : "";
  const program = list(command)
    .map(String)
    .slice(0, 2)
    .map((word) => word.replace(/^.*\//, ""));
  if (
    packages.some((name) => ["openssh-server", "dropbear", "dropbear-bin", "tinysshd"].includes(name)) ||
    /(^|\/)(?:sshd|openssh-server|dropbear)([:@]|$)/.test(reference) ||
    program.some((word) => /^(?:sshd|dropbear)$/.test(word))
  ) {
    return "an SSH server";
  }
  if (/(^|\/)getty([:@]|$)/.test(reference) || program.some((word) => /^(?:getty|agetty|mgetty|mingetty)$/.test(word)))
    return "a login on the console";
  return program.some((word) => /^(?:telnetd|in\.telnetd|rshd)$/.test(word)) ? "a login over the network" : undefined;
}

function setuid(mode: unknown, path: string): Found[] {
  if (typeof mode !== "string" || !(Number.parseInt(mode, 8) & 0o6000)) return [];
  return [
    {
      path,
      message: `got "${mode}": every user who runs it gets the rights of its owner or group`,
      remedy: `use mode "${(Number.parseInt(mode, 8) & 0o1777).toString(8).padStart(4, "0")}"`,
    },
  ];
}
