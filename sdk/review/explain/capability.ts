import { formatPath, type Step } from "../../core/property-path.ts";
import { expandCapabilities } from "../../definition/capability.ts";
import type { Container } from "../../definition/container.ts";
import type { Definition } from "../../definition/definition.ts";
import { withImageFields } from "../../definition/label-rules.ts";
import { partsOf } from "../part.ts";
import { masked } from "../masked.ts";
import type { Answer } from "./answer.ts";
import { imageName } from "./sources.ts";

const FIELDS = [
  ["capabilities", "its processes may use it"],
  ["capabilities.add", "its processes may use it"],
  ["ambient", "it survives a change of user"],
] as const satisfies readonly (readonly [keyof Container, string])[];

/** Which containers have a capability, and what gives it to them. */
export function explainCapability(definition: Definition, name: string): Answer[] {
  return partsOf(definition).flatMap(({ steps, placed }) => {
    const part = formatPath(steps);
    const { container, phase } = placed;
    const whole = withImageFields(container, undefined, phase);
    return FIELDS.flatMap(([field, means]): Answer[] => {
      const given = whole[field] ?? [];
      const index = given.findIndex((item) => expandCapabilities([item]).includes(name));
      if (index < 0) return [];
      const word = given[index] === name ? "" : `, by ${JSON.stringify(given[index])}`;
      const neededBy = whole.command && [masked(whole.command.join(" "), "command")];
      if (container[field] !== undefined)
        return [{ part, message: `${means}${word}`, steps: [...placed.steps, field, index] as Step[], neededBy }];
      return [
        {
          part,
          message: `${means}, since its image asks for it${word}`,
          steps: [...placed.steps, "image"],
          image: imageName(container.image),
          neededBy,
        },
      ];
    });
  });
}
