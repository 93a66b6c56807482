import { type ComparedConnection, type Connection, type Fate, MACHINE, type Network, OUTSIDE } from "./connections.ts";
import { type Markup, markup } from "./markup.ts";
import { networkPicture } from "./network-picture.ts";

const SAID: Readonly<Record<Fate, string>> = { kept: "", added: "+ added", removed: "− removed" };

const KINDS: Readonly<Record<string, string>> = {
  host: "the machine's own network: every port, every destination",
  none: "none, only a loopback of its own",
};

/** Who may talk to whom, on which port, as a picture and as a table. */
export function networkSection(now: Network, before: Network | undefined): readonly Markup[] {
  const compared = compare(now.connections, before?.connections);
  const kinds = [...now.services].flatMap(([name, kind]) =>
    kind === "private" ? [] : [markup`<li>${name}: ${KINDS[kind] ?? `the network at ${kind}`}.</li>`],
  );
  return [
    markup`<p>An arrow begins where a connection begins. A service with a network of its own has no other connections.</p>`,
    networkPicture(now, compared),
    ...(kinds.length > 0 ? [markup`<p>Services whose network is not one of their own:</p><ul>${kinds}</ul>`] : []),
    ...(compared.length > 0
      ? [table(compared, before !== undefined)]
      : [markup`<p>No service connects to anything, and nothing connects to one.</p>`]),
  ];
}

function compare(now: readonly Connection[], before: readonly Connection[] | undefined): ComparedConnection[] {
  const key = ({ from, to, over }: Connection): string => JSON.stringify([from, to, over]);
  const [is, was] = [new Set(now.map(key)), new Set((before ?? now).map(key))];
  const gone = (before ?? []).filter((one) => !is.has(key(one)));
  return [
    ...now.map((one) => ({ ...one, fate: was.has(key(one)) ? ("kept" as const) : ("added" as const) })),
    ...gone.map((one) => ({ ...one, fate: "removed" as const })),
  ];
}

function table(connections: readonly ComparedConnection[], isCompared: boolean): Markup {
  const rows = connections.map(
    ({ from, to, over, fate }) =>
      markup`<tr><th scope="row">${from}</th><td>${to}</td><td>${over}</td>${isCompared ? markup`<td class="${fate}">${SAID[fate]}</td>` : undefined}</tr>`,
  );
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Connections"><table><caption>Connections; “${OUTSIDE}” is whoever reaches ${MACHINE}</caption><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Port</th>${isCompared ? markup`<th scope="col">Change</th>` : undefined}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
