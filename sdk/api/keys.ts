import { type KeyPair, makeAuthority } from "./certificate.ts";

/** The name in every machine's certificate: clients compare it, whatever address they use. */
export const MACHINE_NAME = "machine.pulumi-linuxkit.internal";

/** What a client needs, as the command reads it from a file. */
export interface ClientKeys {
  /** The authority that has signed the machine's certificate, as PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** All keys of an interface. */
export interface MachineKeys {
  readonly clientCa: string;
  readonly server: KeyPair;
  readonly reader: ClientKeys;
  readonly administrator: ClientKeys;
}

/** Makes new keys. The authority's own key is discarded, so no more can be made. */
export function makeMachineKeys(name: string, days: number, now?: Date): MachineKeys {
  const authority = makeAuthority(name, days, now);
  const client = (role: "reader" | "administrator"): ClientKeys => ({
    ca: authority.certificate,
    ...authority.issue({ name: `${name} ${role}`.slice(0, 64), role, use: "client" }),
  });
  return {
    clientCa: authority.certificate,
    server: authority.issue({ name: MACHINE_NAME, use: "server", names: [MACHINE_NAME] }),
    reader: client("reader"),
    administrator: client("administrator"),
  };
}
