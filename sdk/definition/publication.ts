/** A port of the guest that the host answers on. */
export interface Publication {
  /** IPv4 address of the host to listen on. @default 127.0.0.1 */
  readonly address: string;
  /** 0 asks for any free one. */
  readonly hostPort: number;
  readonly guestPort: number;
  readonly protocol: "tcp" | "udp";
}

const SYNTAX = /^(?:(?<address>[^:]+):)?(?<host>\d{1,5}):(?<guest>\d{1,5})(?:\/(?<protocol>tcp|udp))?$/;

/** The problem of a publication as a clause, and the noun phrase after "wanted" alone. */
export interface PublicationProblem {
  readonly problem: string;
  readonly wanted: string;
}

/**
 * Reads `[ADDRESS:]HOST:GUEST[/tcp|udp]`, as in `8080:80/tcp` or `0.0.0.0:8443:443`. Without an address only the host
 * itself can connect; host port 0 means any free one.
 */
export function parsePublication(text: string): Publication | PublicationProblem {
  const { address = "127.0.0.1", host, guest, protocol = "tcp" } = SYNTAX.exec(text)?.groups ?? {};
  const refuse = (got: string, wanted: string): PublicationProblem => ({ problem: `got ${got}, wanted ${wanted}`, wanted });
  const shown = JSON.stringify(text);
  if (host === undefined || guest === undefined) return refuse(shown, '[ADDRESS:]HOST:GUEST[/tcp|udp], as in "8080:80/tcp"');
  const [hostPort, guestPort] = [Number(host), Number(guest)];
  if (hostPort > 65535) return refuse(`host port ${host} in ${shown}`, "a host port from 0 (any free one) to 65535");
  if (guestPort < 1 || guestPort > 65535) return refuse(`guest port ${guest} in ${shown}`, "a guest port from 1 to 65535");
  const bytes = address.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) < 256))
    return refuse(`address ${JSON.stringify(address)} in ${shown}`, "an IPv4 address such as 127.0.0.1 or 0.0.0.0");
  return { address, hostPort, guestPort, protocol: protocol as "tcp" | "udp" };
}

/** The one spelling under which a publication is compared and stored: `127.0.0.1:8080:80/tcp`. */
export function formatPublication({ address, hostPort, guestPort, protocol }: Publication): string {
  return `${address}:${hostPort}:${guestPort}/${protocol}`;
}

/** A publication of the first of several machines, for the one that is so many after it: the next host ports. Port 0 stays any free one. */
export function publicationAfter(first: Publication, step: number): Publication {
  return first.hostPort === 0 ? first : { ...first, hostPort: first.hostPort + step };
}

/** Whether two publications would listen on the same socket of the host. */
export function collide(one: Publication, other: Publication): boolean {
  if (one.hostPort === 0 || one.hostPort !== other.hostPort || one.protocol !== other.protocol) return false;
  return one.address === other.address || one.address === "0.0.0.0" || other.address === "0.0.0.0";
}
