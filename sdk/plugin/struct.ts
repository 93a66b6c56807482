import type { Struct, Value as WireValue } from "google-protobuf/google/protobuf/struct_pb.js";
import { formatPath, type Step } from "../core/property-path.ts";
import { SIGNATURE } from "../core/special-value.ts";
import type { Protos } from "./protos.ts";
import { isProperties, type Properties, Secret, UNKNOWN, type Value } from "./value.ts";

const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** One sentinel for each type of value that may be unknown; every writer uses the string's. */
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS: ReadonlySet<string> = new Set([
  UNKNOWN_STRING,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
]);

/** Properties as they came, with secrets opened, and where those were. */
export interface Decoded {
  readonly properties: Properties;
  /** The path of each value that was secret as a whole. */
  readonly secretPaths: ReadonlySet<string>;
}

/** Reads properties off the wire. An absent struct is an empty one. */
export function decode(struct: Struct | undefined): Decoded {
  const secretPaths = new Set<string>();
  const open = (wire: WireValue, steps: readonly Step[]): Value => {
    if (wire.hasStructValue()) return openStruct(wire.getStructValue() as Struct, steps);
    if (wire.hasListValue()) return (wire.getListValue()?.getValuesList() ?? []).map((item, index) => open(item, [...steps, index]));
    if (wire.hasBoolValue()) return wire.getBoolValue();
    if (wire.hasNumberValue()) return wire.getNumberValue();
    if (!wire.hasStringValue()) return null;
    const text = wire.getStringValue();
    return UNKNOWNS.has(text) ? UNKNOWN : text;
  };
  const openStruct = (members: Struct, steps: readonly Step[]): Value => {
    const fields = members.getFieldsMap();
    const signature = fields.get(SIGNATURE)?.getStringValue();
    if (signature === SECRET || signature === OUTPUT) {
      if (signature === SECRET || fields.get("secret")?.getBoolValue()) secretPaths.add(formatPath(steps));
      const value = fields.get("value");
      return value ? open(value, steps) : UNKNOWN;
    }
    return Object.fromEntries(fields.toArray().map(([name]) => [name, open(fields.get(name) as WireValue, [...steps, name])]));
  };
  return { properties: (struct ? openStruct(struct, []) : {}) as Properties, secretPaths };
}

/** Writes properties for the wire; members that are `undefined` are left out. */
export function encode(protos: Protos, properties: Properties): Struct {
  return protos.struct.Struct.fromJavaScript(encodeValue(properties) as { [name: string]: never });
}

type Wire = null | boolean | number | string | Wire[] | { [name: string]: Wire };

function encodeValue(value: Value): Wire {
  if (value === UNKNOWN) return UNKNOWN_STRING;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: encodeValue(value.value) };
  if (Array.isArray(value)) return value.map(encodeValue);
  if (isProperties(value)) {
    const known = Object.entries(value).filter((member): member is [string, Value] => member[1] !== undefined);
    return Object.fromEntries(known.map(([name, member]) => [name, encodeValue(member)]));
  }
  return value as Wire;
}
