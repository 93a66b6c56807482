import type { AnyResourceType, Provider } from "../../../sdk/plugin/provider.ts";
import type { Operation, Outcome } from "../engine-operation.ts";
import type { Stack } from "../engine.ts";
import { until } from "../until.ts";

/** Outputs that the fleet example of every cloud has. */
export interface FleetOutputs {
  readonly groupName: string;
  /** The launch template's version on AWS, the instance template on Google Cloud, the gallery's version on Azure. */
  readonly version: string;
  readonly imageId: string;
}

/** The server that receives an upload in pieces, and the faults it injects. A piece is a block, page range or part. */
export interface PieceServer {
  readonly requests: { length: number };
  /** Faults differ between the servers; every server knows a delay. */
  fault: ((...args: never[]) => unknown) | undefined;
}

/** One cloud's stand-ins and its fleet example, as the fleet scenarios use them. */
export interface FleetCloud extends AsyncDisposable {
  /** Folder in `examples`. */
  readonly example: string;
  /** Configuration of the stack. */
  readonly config: Readonly<Record<string, string>>;
  /** Environment of the engine and of the plugin. */
  readonly env: NodeJS.ProcessEnv;
  /** The stand-in for the cloud's own provider. */
  readonly provider: Provider;
  /** Resource types of this cloud by token: the upload and the gate, with short polling intervals. */
  types(cacheDir: string): Readonly<Record<string, AnyResourceType>>;
  readonly server: PieceServer;
  /** Action of a request that sends a piece, as the server records it. */
  readonly pieceAction: string;
  /** Pieces accepted since the server's requests were last cleared. */
  piecesSent(): number;
  /** A number of pieces after which an upload is still incomplete. */
  readonly partialPieces: number;
  /** IDs of all uploads that were started and not deleted. */
  startedUploads(): readonly string[];
  /** IDs of completed uploads. */
  completedUploads(): readonly string[];
  /** IDs of uploads that can still be written to. */
  unfinishedUploads(): readonly string[];
  /** IDs of machine images that machines can start from. */
  images(): readonly string[];
  removeImage(id: string): void;
  /** Version of each machine, in the form of {@link FleetOutputs.version}. */
  versions(): readonly (string | undefined)[];
  /** One machine runs another version from now on, and nobody said so. */
  strayOne(): void;
  /** From now on, machines of any other version than `running` are unhealthy. */
  makeOthersUnhealthy(running: FleetOutputs): void;
  /** What the cloud reports about unhealthy machines. */
  readonly unhealthyReason: RegExp;
  /** From now on, a rollout stops after one new machine, until it is rolled back. */
  holdRollout(running: FleetOutputs): void;
  /** Undoes `makeOthersUnhealthy` and `holdRollout`. */
  clearFaults(): void;
  /** All resources of the stack that still exist. */
  remaining(): readonly string[];
  /** Further checks after the first update. */
  checkFirst?(outputs: FleetOutputs, up: Outcome, stack: Stack): Promise<void>;
  /** Further checks after the unhealthy image was removed from the program. */
  checkRecovered?(outputs: FleetOutputs): void;
  /** Further checks after an update that changed the image. */
  checkChanged?(up: Outcome): void;
  /** Further checks after an update that resumed a killed upload. */
  checkResumed?(): void;
}

/** Delays every request that sends a piece, except the first ones. @returns a counter of delayed requests */
export function holdPieces({ server, pieceAction }: FleetCloud, delayMs: number, exceptFirst = 0): () => number {
  let seen = 0;
  server.fault = (action: string) => (action === pieceAction && seen++ >= exceptFirst ? { delayMs } : undefined);
  return () => Math.max(0, seen - exceptFirst);
}

/** Waits until `happens()` is true, and fails if the operation ends first. */
export async function during({ outcome }: Operation, happens: () => boolean): Promise<void> {
  let ended: Outcome | undefined;
  outcome.then(
    (early) => {
      ended = early;
    },
    () => {},
  );
  await until(() => ended !== undefined || happens(), 180);
  if (ended) throw new Error(`the operation ended too early:\n${ended.text}`);
}

/** Whether two IDs name the same image. One may be the end of the other, as in a URL; Azure ignores case. */
export function isImage(one: string, other: string): boolean {
  const [short, long] = [one, other].map((id) => id.toLowerCase()).sort((a, b) => a.length - b.length) as [string, string];
  return short !== "" && long.endsWith(short);
}
