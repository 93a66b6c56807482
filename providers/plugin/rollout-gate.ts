import { LinuxKitError } from "../../sdk/core/errors.ts";
import { checkInstalled } from "../../sdk/core/optional-module.ts";
import type { AnyResourceType } from "../../sdk/plugin/provider.ts";
import type { ResourceType } from "../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

/** The gates of all backends, by their `kind`. Each is loaded when first needed. */
export type GateKinds = Readonly<Record<string, () => Promise<AnyResourceType>>>;

/** Seconds that a rollout of any kind may take when the program sets no `customTimeouts`. */
const TIMEOUT_SECONDS = 3600;

/**
 * `linuxkit:index:RolloutGate`: one type token for the fleets of every backend. Its input `kind` selects the backend; all
 * other inputs are that backend's. An id starts with the kind: `qemu:web-…`. Changing the kind replaces the gate.
 */
export function rolloutGate(kinds: GateKinds): ResourceType {
  const known = Object.keys(kinds);
  const ofKind = async (kind: unknown): Promise<AnyResourceType> => {
    const load = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (!load)
      throw new LinuxKitError("INVALID_DEFINITION", `kind: got ${JSON.stringify(kind) ?? "nothing"}, wanted one of ${known.join(", ")}`, {
        path: "kind",
      });
    return load();
  };
  return {
    token: "linuxkit:index:RolloutGate",
    timeoutSeconds: TIMEOUT_SECONDS,
    forms: () => Promise.all(Object.values(kinds).map((load) => load())),
    async check(request) {
      const { kind } = request.inputs;
      if (kind === UNKNOWN || typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
        return {
          inputs: request.inputs,
          failures: [
            {
              path: "kind",
              message: `got ${kind === UNKNOWN ? "a value that is not known yet" : (JSON.stringify(kind) ?? "nothing")}, wanted one of ${known.join(", ")}`,
            },
          ],
        };
      }
      const type = await ofKind(kind);
      checkInstalled(type.packages?.(request.inputs) ?? []);
      return type.check?.(request) ?? { inputs: request.inputs };
    },
    async diff(request) {
      if (request.inputs.kind !== request.oldInputs.kind) return { changed: new Map([["kind", "replace" as const]]) };
      const type = await ofKind(request.inputs.kind);
      if (!type.diff) throw new Error(`the gate of kind ${String(request.inputs.kind)} has no diff`);
      return type.diff(request);
    },
    preview: async (request) => (await ofKind(request.inputs.kind)).preview?.(request) ?? request.inputs,
    create: async (request) => (await ofKind(request.inputs.kind)).create(request),
    async read(request) {
      const type = await ofKind(request.inputs?.kind ?? request.id.split(":")[0]);
      return type.read ? type.read(request) : { id: request.id, outputs: request.outputs ?? ({} as Properties) };
    },
    async update(request) {
      const type = await ofKind(request.inputs.kind);
      if (!type.update) throw new Error(`the gate of kind ${String(request.inputs.kind)} has no update`);
      return type.update(request);
    },
    delete: async (request) => (await ofKind(request.inputs.kind)).delete?.(request),
  };
}
