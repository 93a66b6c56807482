import { z } from "zod";
import { parseDocument } from "./document.ts";
import { CONFIG_LIMIT } from "./image-config.ts";

const schema = z.object({
  history: z
    .array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() }))
    .nullish()
    .transform((value) => value ?? []),
});

/**
 * The command that made each layer, bottom first, as an image's configuration says (image-spec, config.md, "history"): the
 * entries that made no layer are left out.
 *
 * @param what names the configuration in messages
 * @throws CORRUPT, TOO_LARGE
 */
export function layerCommands(config: Uint8Array, what: string): readonly (string | undefined)[] {
  const { history } = parseDocument(schema, config, what, CONFIG_LIMIT);
  return history.filter(({ empty_layer: isEmpty = false }) => !isEmpty).map(({ created_by: command }) => command);
}
