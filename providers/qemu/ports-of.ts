import { formatPublication, parsePublication } from "../../sdk/definition/publication.ts";

/** The ports of one of several machines: each further machine has the next host port. What is no port stays, for the machine to refuse. */
export function portsOf(publish: readonly string[], index: number): string[] {
  return publish.map((text) => {
    const read = parsePublication(text);
    if ("problem" in read || read.hostPort === 0) return text;
    return formatPublication({ ...read, hostPort: read.hostPort + index });
  });
}
