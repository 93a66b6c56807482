import type { ImageConfigDocument } from "../../oci/image-config.ts";
import { type Fact, partFacts } from "../fact.ts";
import type { Step } from "../../core/property-path.ts";

/** The facts of what an image says of its containers (image-spec, config.md). */
export function imageConfigFacts(part: readonly Step[], config: ImageConfigDocument): readonly Fact[] {
  const facts = partFacts(part);
  const { os, architecture, entrypoint, cmd, env, workingDir, user, stopSignal, labels } = config;
  const given = (text: string): string | undefined => (text === "" ? undefined : text);
  facts.add("setting", "platform", ["platform"], given([os, architecture].filter(Boolean).join("/")));
  const command = [...entrypoint, ...cmd];
  facts.add("command", "", ["command"], command.length > 0 ? command : undefined);
  for (const pair of env) {
    const [name = ""] = pair.split("=", 1);
    facts.add("environment", name, ["env", name], pair.slice(name.length + 1));
  }
  facts.add("setting", "working directory", ["cwd"], given(workingDir));
  facts.add("image-user", "user", ["user"], given(user));
  facts.add("setting", "signal to stop", ["stopSignal"], given(stopSignal));
  for (const [name, value] of Object.entries(labels)) facts.add("setting", `label ${name}`, ["labels", name], value);
  return facts.list;
}
