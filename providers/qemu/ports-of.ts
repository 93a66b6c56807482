import { formatPublication, parsePublication, publicationAfter } from "../../sdk/definition/publication.ts";

/** The ports of the machine that is so many after the first of a cluster. What is no port stays, for the machine to refuse. */
export function portsOf(publish: readonly string[], step: number): string[] {
  return publish.map((text) => {
    const read = parsePublication(text);
    return "problem" in read || read.hostPort === 0 ? text : formatPublication(publicationAfter(read, step));
  });
}
