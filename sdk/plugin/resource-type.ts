import type { z } from "zod";
import type { OnProgress } from "../core/progress.ts";
import type { Properties } from "./value.ts";

/**
 * One type of resource: the operations that the engine may call. A provider is a table of these.
 *
 * Secrets arrive as plain values and go back encrypted automatically: what came in as a secret is a secret again
 * at the same path of the inputs and outputs that a verb returns; a verb marks further ones with `secret(value)`.
 *
 * `I` is the shape of the inputs that `check` lets through, `O` the shape of the outputs. Neither is ever unknown in
 * `create`, `update`, `read` and `delete`.
 */
export interface ResourceType<I extends object = Properties, O extends object = Properties> {
  /** The type token: `linuxkit:index:ImageBuild`. It never changes. */
  readonly token: string;
  /** How long a verb may take when the program sets no `customTimeouts`, in seconds. @default 1800 */
  readonly timeoutSeconds?: number;
  /** For the provider's schema. @default what `inputs` is described as */
  readonly description?: string;
  /** The schema of the inputs, made by `resourceInputs`. It gives check, diff and the provider's schema. */
  readonly inputs?: z.ZodObject;
  /** The schema of the outputs, for the provider's schema. */
  readonly outputs?: z.ZodObject;
  /** For a type whose inputs have several forms: the schemas of each. They are loaded when the provider's schema is asked for. */
  readonly forms?: () => Promise<readonly Pick<ResourceType, "inputs" | "outputs">[]>;
  /** The optional packages that its verbs load. A check fails where one is not installed: before a build, not after it. @default none */
  packages?(inputs: Properties): readonly string[];
  /** Validates and normalises inputs. Offline, quick and without effects. Left out: `inputs` decides, else every input is good as it is. */
  check?(request: CheckRequest): Checked | Promise<Checked>;
  /** Says what has changed, leaf by leaf. Offline, quick and without effects. Left out: the notes of `inputs` decide, else every changed leaf is an update in place. */
  diff?(request: DiffRequest<I, O>): Difference | Promise<Difference>;
  /** What the outputs will be, as far as that is known before doing it. Without effects. Left out: only the inputs are known. */
  preview?(request: PreviewRequest<I, O>): Properties | Promise<Properties>;
  /** Makes the resource. When it rejects, it has undone what it did; what exists but is not ready is returned with `failure`. */
  create(request: CreateRequest<I>): Promise<Created<O>>;
  /** Looks the resource up, for refresh and import; undefined when it is gone. Left out: the state is assumed to be right. */
  read?(request: ReadRequest<I, O>): Promise<Found<O> | undefined>;
  /** Changes the resource in place. Left out: `diff` must ask for a replacement for every change. */
  update?(request: UpdateRequest<I, O>): Promise<Updated<O>>;
  /** Removes the resource; one that is gone already is a success. Left out: it is only removed from the state. */
  delete?(request: DeleteRequest<I, O>): Promise<void>;
}

/** Which resource it is about. */
export interface Subject {
  /** `urn:pulumi:STACK::PROJECT::TYPES::NAME` */
  readonly urn: string;
  /** The resource's name in the program. */
  readonly name: string;
}

/** An operation that takes time: it can be cancelled, and it shows its progress. */
export interface Work extends Subject {
  /** Aborted by Ctrl-C (reason `CANCELLED`) and when `timeoutSeconds` are over (reason `TIMEOUT`). Throwing on it cleans up first. */
  readonly signal: AbortSignal;
  /** From `customTimeouts`, else the type's. Already watched through `signal`; here for messages and for child processes. */
  readonly timeoutSeconds: number;
  /** Shown on the resource's own line, no faster than a person reads; lasting messages stay. */
  readonly progress: OnProgress;
  /** The provider's configuration: `linuxkit:debianMirror` of the stack is `config.debianMirror`. */
  readonly config: Properties;
  /** Whether an input, given by its path, is or was a secret. @default it is not known */
  readonly isSecret?: (path: string) => boolean;
}

export interface CheckRequest extends Subject {
  /** What the program gives; any leaf may be `UNKNOWN`. */
  readonly inputs: Properties;
  /** What was checked the last time. Absent when the resource is new or is being replaced. */
  readonly oldInputs?: Properties;
  /** Whether an input, given by its path (`userData`, `secrets.key`), came as a secret. */
  readonly isSecret: (path: string) => boolean;
}

export interface Checked {
  /** The inputs as they are compared and stored from here on. */
  readonly inputs: Properties;
  /** What is wrong, each by its path: `image.services.web.capabilities[0]`. */
  readonly failures?: readonly CheckFailure[];
}

export interface CheckFailure {
  /** The path of the property, empty for the resource as a whole. */
  readonly path: string;
  /** What was got and what was wanted. */
  readonly message: string;
}

export interface DiffRequest<I, O> extends Subject {
  readonly id: string;
  /** Checked inputs; any leaf may be `UNKNOWN`. */
  readonly inputs: Properties;
  readonly oldInputs: I;
  readonly oldOutputs: O;
  /** Whether an input, given by its path, is or was a secret. @default none is */
  readonly isSecret?: (path: string) => boolean;
}

/** What becomes of one leaf. Whether it appears, changes or goes is seen from old and new inputs. */
export type DiffKind = "update" | "replace";

export interface Difference {
  /** Each changed leaf by its path in the inputs; empty means no change. {@link leafDiff} makes it. */
  readonly changed: ReadonlyMap<string, DiffKind>;
  /** Delete the old one before the new one is made: it holds a port, a name or a disk that the new one needs. @default false */
  readonly deleteBeforeReplace?: boolean;
  /** Changed though no input did: `read` found other outputs than wanted (a machine that stopped). Names the outputs. */
  readonly drifted?: ReadonlyMap<string, DiffKind>;
}

export interface PreviewRequest<I, O> extends Subject {
  /** Checked inputs; any leaf may be `UNKNOWN`. */
  readonly inputs: Properties;
  /** Present when it is an update. */
  readonly old?: { readonly id: string; readonly inputs: I; readonly outputs: O };
  /** Shows a text with the preview: its first line on the resource's own line, the whole below. @default not shown */
  readonly explain?: (text: string) => void;
  /** Shows a line as a warning: the update would fail, or do what is not meant. @default not shown */
  readonly warn?: (line: string) => void;
  /** Whether an input, given by its path, is or was a secret. @default none is */
  readonly isSecret?: (path: string) => boolean;
  /** The provider's configuration. @default none */
  readonly config?: Properties;
  /** As in {@link Work}. @default it is not cancelled */
  readonly signal?: AbortSignal;
}

export interface CreateRequest<I> extends Work {
  readonly inputs: I;
}

export interface Created<O> {
  /** Never empty; what `import` takes. */
  readonly id: string;
  readonly outputs: O;
  /** The resource exists, but is not in the desired state. It is kept in the state, and the operation fails with this error. */
  readonly failure?: Error;
}

export interface UpdateRequest<I, O> extends Work {
  readonly id: string;
  readonly inputs: I;
  readonly oldInputs: I;
  readonly oldOutputs: O;
}

export interface Updated<O> {
  readonly outputs: O;
  /** As in {@link Created}. */
  readonly failure?: Error;
}

export interface ReadRequest<I, O> extends Work {
  readonly id: string;
  /** Absent for an import. */
  readonly inputs?: I;
  /** Absent for an import. */
  readonly outputs?: O;
}

export interface Found<O> {
  readonly id: string;
  /** Left out: as they were. For an import they are needed. */
  readonly inputs?: Properties;
  readonly outputs: O;
}

export interface DeleteRequest<I, O> extends Work {
  readonly id: string;
  readonly inputs: I;
  readonly outputs: O;
}
