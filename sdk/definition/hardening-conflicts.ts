import type { Step } from "../core/property-path.ts";
import { ABSENT, COMMAND_LINE } from "../hardening/command-line.ts";
import { type Hardening, type SettingName, wantedValue } from "../hardening/profile.ts";
import { containersOf, type Definition, type Placed } from "./definition.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { isDeferred } from "../core/deferred.ts";
import { itemsOf } from "./inputs.ts";

/** A part of a container that conflicts with a setting; `says` continues "got …, which". */
interface Conflict {
  readonly setting: SettingName;
  /** Only where the setting has this value. @default any */
  readonly at?: string;
  readonly says: string;
  /** The steps, from the container, of what is in conflict, and its value. */
  find(placed: Placed): readonly (readonly [steps: readonly Step[], value: string])[];
}

const capability =
  (...names: string[]): Conflict["find"] =>
  ({ container }) =>
    (["capabilities", "capabilities.add"] as const).flatMap((field) =>
      itemsOf(container[field]).flatMap(([index, name]) => (names.includes(String(name)) ? [[[field, index], String(name)] as const] : [])),
    );

const userNamespace: Conflict["find"] = ({ container: { userns } }) =>
  typeof userns === "string" && !["", "host", "root"].includes(userns) ? [[["userns"], userns]] : [];

const mountOf =
  (...types: string[]): Conflict["find"] =>
  ({ container }) =>
    itemsOf(container.mounts).flatMap(([index, mount]) =>
      !isDeferred(mount) && types.includes(String(mount.type)) ? [[["mounts", index, "type"], String(mount.type)] as const] : [],
    );

// onboot tasks end before the kernel stops loading modules
const afterBoot =
  (find: Conflict["find"]): Conflict["find"] =>
  (placed) =>
    placed.phase === "onboot" ? [] : find(placed);

const CONFLICTS: readonly Conflict[] = [
  { setting: "user.max_user_namespaces", says: "needs user namespaces, which this setting disables", find: userNamespace },
  {
    setting: "kernel.yama.ptrace_scope",
    at: "3",
    says: "needs a user namespace, which containers cannot enter where nothing may be traced",
    find: userNamespace,
  },
  {
    setting: "kernel.yama.ptrace_scope",
    at: "3",
    says: "lets it trace other processes, which this setting forbids",
    find: capability("CAP_SYS_PTRACE"),
  },
  {
    setting: "kernel.modules_disabled",
    says: "lets it load modules, but the kernel loads none after the onboot tasks",
    find: afterBoot(capability("CAP_SYS_MODULE")),
  },
  { setting: "lockdown", says: "lets it reach memory and ports of the machine, which is closed to all", find: capability("CAP_SYS_RAWIO") },
  { setting: "lockdown", at: "confidentiality", says: "lets it watch the kernel, which is closed to all", find: capability("CAP_PERFMON") },
  { setting: "lockdown", at: "confidentiality", says: "shows the kernel's insides, which are closed to all", find: mountOf("tracefs") },
  { setting: "debugfs", says: "is a filesystem that cannot be mounted", find: mountOf("debugfs") },
  { setting: "console.shell", says: "offers a shell on the console", find: consoleShell },
];

/**
 * Settings that conflict with another part of the definition. Unknown values are ignored.
 */
export function hardeningConflicts(definition: Definition): Failure[] {
  const { harden } = definition;
  if (!harden || isDeferred(harden) || isDeferred(harden.profile) || isDeferred(harden.waive)) return [];
  const containers = containersOf(definition);
  return [
    ...commandLineConflicts(definition, harden),
    ...initConflicts(definition),
    ...CONFLICTS.flatMap(({ setting, at, says, find }) => {
      const wanted = wantedValue(setting, harden);
      if (wanted === undefined || (at !== undefined && wanted !== at)) return [];
      return containers.flatMap((placed) =>
        find(placed).map(([steps, value]) => conflict([...placed.steps, ...steps], value, says, setting)),
      );
    }),
  ];
}

function commandLineConflicts({ kernel }: Definition, harden: Hardening): Failure[] {
  if (!kernel || isDeferred(kernel) || typeof kernel.cmdline !== "string") return [];
  return kernel.cmdline.split(/\s+/).flatMap((word) => {
    const cut = word.indexOf("=");
    const [name, value] = cut < 0 ? [word, ""] : [word.slice(0, cut), word.slice(cut + 1)];
    if (Object.hasOwn(ABSENT, name) && harden.waive[name as SettingName] === undefined) {
      return [conflict(["kernel", "cmdline"], word, "switches a protection off", name)];
    }
    if (!Object.hasOwn(COMMAND_LINE, name)) return [];
    const wanted = wantedValue(name as SettingName, harden);
    return wanted === undefined || wanted === value ? [] : [conflict(["kernel", "cmdline"], word, `is not ${shown(wanted)}`, name)];
  });
}

/** The init of debian.init() sets the kernel parameters; LinuxKit's does not. */
function initConflicts({ init }: Definition): Failure[] {
  if (!Array.isArray(init) || init.length === 0) return [];
  const own = init.some(
    (source) => isDeferred(source) || (typeof source !== "string" && (isDeferred(source.debian) || source.debian.role === "init")),
  );
  return own
    ? []
    : [
        failure(
          ["harden"],
          "the kernel parameters are set by the init of debian.init(), which is not among init: wanted it there, or no harden",
        ),
      ];
}

/** A program that asks for a login at a terminal, or a shell that has one. */
function consoleShell({ container }: Placed): readonly (readonly [readonly Step[], string])[] {
  const own =
    typeof container.image === "object" && !isDeferred(container.image) && container.command === undefined
      ? container.image.config.command
      : container.command;
  const words = itemsOf(own).map(([, word]) => String(word));
  const getty = words.slice(0, 2).find((word) => /(^|\/)(m?in|a|mu)?getty$/.test(word));
  if (getty !== undefined) return [[["command"], words.slice(0, 2).join(" ")]];
  const image = typeof container.image === "string" ? container.image : "";
  return /(^|\/)getty[:@]/.test(image) ? [[["image"], image]] : [];
}

function conflict(steps: readonly Step[], value: string, says: string, setting: string): Failure {
  return failure(
    steps,
    `got ${shown(value)}, which ${says}, by ${setting} of harden: drop one of the two, the setting by harden: { waive: { ${JSON.stringify(setting)}: "REASON" } }`,
  );
}
