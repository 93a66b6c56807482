import type { AnyResourceType, Provider } from "../../../sdk/plugin/provider.ts";
import type { Operation, Outcome } from "../engine-operation.ts";
import type { Stack } from "../engine.ts";
import { until } from "../until.ts";

/** Outputs that the programs of the clouds' examples have in common. */
export interface FleetOutputs {
  readonly groupName: string;
  readonly version: string;
  readonly imageId: string;
}

/** Where the pieces of an upload arrive, and what goes wrong there. */
export interface PieceServer {
  readonly requests: { length: number };
  /** Each names its own faults; a delay is one of all. */
  fault: ((...args: never[]) => unknown) | undefined;
}

/** A cloud of stand-ins with the example that runs on it: what the scenarios of fleets have to know of a cloud. */
export interface FleetCloud extends AsyncDisposable {
  /** Of `examples`. */
  readonly example: string;
  /** Of the stack. */
  readonly config: Readonly<Record<string, string>>;
  /** For the programs of the engine, and for ours. */
  readonly env: NodeJS.ProcessEnv;
  /** The stand-in for the cloud's own provider. */
  readonly provider: Provider;
  /** Our types that know this cloud, by their tokens: who uploads, and who looks after a rollout, with short pauses. */
  types(cacheDir: string): Readonly<Record<string, AnyResourceType>>;
  readonly server: PieceServer;
  /** What the server calls a request with a piece of an image. */
  readonly piece: string;
  /** Pieces that were taken, as long as the server's requests go back. */
  sent(): number;
  /** How many pieces are so few that an upload is not at its end. */
  readonly few: number;
  /** Ids of all uploads that were begun and not removed. */
  begun(): readonly string[];
  /** Those that are whole. */
  whole(): readonly string[];
  /** Those that still can be written to. */
  unfinished(): readonly string[];
  /** Ids of images that machines can be made of. */
  images(): readonly string[];
  removeImage(id: string): void;
  /** What each machine runs, as the program's `version` names it. */
  runs(): readonly (string | undefined)[];
  /** Machines of anything but what runs are ill from now on. */
  sicken(running: FleetOutputs): void;
  /** What the cloud says of ill machines. */
  readonly illness: RegExp;
  /** From now on a rollout stays where one machine is new, until it is rolled back. */
  hold(running: FleetOutputs): void;
  /** All is well again. */
  heal(): void;
  /** What is there still of all that a stack makes. */
  left(): readonly string[];
  /** What else is to be seen after the first update. */
  checkFirst?(outputs: FleetOutputs, up: Outcome, stack: Stack): Promise<void>;
  /** What else is to be seen once the image that was not healthy is out of the program again. */
  checkHealed?(outputs: FleetOutputs): void;
  /** What else is to be seen after an update by which the image changed. */
  checkChanged?(up: Outcome): void;
  /** What else is to be seen after an update that went on where another was killed. */
  checkResumed?(): void;
}

/** Holds requests with pieces, all but the first ones. @returns how many it has held */
export function holdPieces({ server, piece }: FleetCloud, delayMs: number, but = 0): () => number {
  let asked = 0;
  server.fault = (action: string) => (action === piece && asked++ >= but ? { delayMs } : undefined);
  return () => Math.max(0, asked - but);
}

/** Waits for what comes of an operation while it goes on. */
export async function during({ outcome }: Operation, happens: () => boolean): Promise<void> {
  let ended: Outcome | undefined;
  outcome.then(
    (early) => {
      ended = early;
    },
    () => {},
  );
  await until(() => ended !== undefined || happens(), 180);
  if (ended) throw new Error(`it ended before that:\n${ended.text}`);
}

/** Whether two ids are of one image: an id may be an address, and Azure means the same by either case. */
export function isImage(one: string, other: string): boolean {
  const [short, long] = [one, other].map((id) => id.toLowerCase()).sort((a, b) => a.length - b.length) as [string, string];
  return short !== "" && long.endsWith(short);
}
