import type { Asked } from "../../sdk/doctor/cloud.ts";
import type { AnyResourceType } from "../../sdk/plugin/provider.ts";
import type { PreviewRequest } from "../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

/** What of a cloud's upload says where it goes, and as whom. */
export interface Place {
  /** The cloud, as `doctor` names it. */
  readonly cloud: "aws" | "gcp" | "azure";
  /** The inputs that the checks take as options, by the option's name. */
  readonly options: Readonly<Record<string, string>>;
  /** The inputs that are credentials. */
  readonly access: readonly string[];
}

/** What the checks of a cloud would stop, in words. It never fails. */
export type Foresee = (cloud: string, asked: Asked, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * A type of upload whose preview also warns of what would stop the upload, as `doctor` finds it: missing rights, a locked resource
 * group. It asks where the upload is new or replaced, with the credentials of the update, and for no more than a second.
 */
export function foreseeing(type: AnyResourceType, place: Place, foresee: Foresee = checks): AnyResourceType {
  return {
    ...type,
    async preview(request) {
      const { name, inputs, old, warn, signal = new AbortController().signal } = request as PreviewRequest<object, object>;
      const asked = old === undefined && warn ? askedOf(type.token, name, inputs, place) : undefined;
      const [outputs, warnings] = await Promise.all([type.preview?.(request) ?? inputs, asked ? foresee(place.cloud, asked, signal) : []]);
      for (const warning of warnings) warn?.(warning);
      return outputs;
    },
  };
}

/** Loaded on use: the checks load the cloud's client. */
const checks: Foresee = async (...args) => (await import("../../sdk/doctor/foresee.ts")).foresee(...args);

/** Undefined where it is not known yet where the upload goes, or as whom. */
function askedOf(type: string, name: string, inputs: Properties, { options, access }: Place): Asked | undefined {
  if ([...access, ...Object.values(options)].some((input) => inputs[input] === UNKNOWN)) return undefined;
  const known = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== UNKNOWN && value !== undefined));
  const place = Object.entries(options).filter(([, input]) => typeof known[input] === "string");
  return {
    place: Object.fromEntries(place.map(([option, input]) => [option, known[input] as string])),
    access: Object.fromEntries(Object.entries(known).filter(([input]) => access.includes(input))),
    config: {},
    env: process.env,
    resources: [{ type, name, id: "", inputs: known, outputs: {} }],
    machines: undefined,
  };
}
