import { present, type Rules } from "../rule.ts";

/** Networks by what they reach; any other is the path of a namespace. */
const KINDS = ["none", "private", "path", "host"];

/** Rules on who reaches whom. */
export const NETWORK_RULES: Rules = {
  network: {
    noun: () => "network",
    unset: ({ part }) => usualNetwork(part),
    rank: (value, { part }) => {
      const kind = value === undefined ? usualNetwork(part) : String(value);
      return KINDS.indexOf(KINDS.includes(kind) ? kind : "path");
    },
    why: { widens: "it reaches more of the machine's network, or is reached from it", narrows: "it reaches less of the machine's network" },
  },
  port: {
    noun: ({ name }) => `port ${name}`,
    value: (value) => `to its port ${String(value)}`,
    rank: present,
    why: { widens: "it is reached from outside the machine", narrows: "it is no longer reached from outside the machine here" },
  },
  forwards: {
    noun: () => "forwarding between networks",
    value: () => undefined,
    rank: present,
    why: { widens: "the machine passes packets on between its networks", narrows: "the machine no longer passes packets on" },
  },
  egress: {
    noun: ({ name }) => `egress to ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "it may connect there", narrows: "it can no longer connect there" },
  },
  api: {
    noun: () => "interface of the machine",
    value: (value) => `port ${String(value)}`,
    rank: present,
    why: {
      widens: "clients with a certificate may run commands on the machine",
      narrows: "no client reaches the machine over the network",
    },
  },
  "api-clients": {
    noun: ({ name }) => `authority of the interface's clients ${name.slice(0, 16)}`,
    value: () => undefined,
    rank: present,
    why: { widens: "clients with its certificates may run commands on the machine", narrows: "clients with its certificates are refused" },
  },
  certificate: { noun: () => "certificate of the interface", value: () => undefined },
  "private-key": { noun: () => "private key of the interface", value: () => undefined },
  "health-port": {
    noun: () => "port of /healthz",
    rank: present,
    why: { widens: "whoever reaches the machine reads which services are healthy", narrows: "/healthz is no longer answered" },
  },
};

/** A task has the machine's network unless it says otherwise, and a service one of its own. */
function usualNetwork(part: string): string {
  return part.startsWith("services") ? "private" : "host";
}
