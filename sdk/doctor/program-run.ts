/** A resource that a program registers. Inputs that are not known before the update are left out. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What it answers beside its inputs, in place of what is not known yet. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What a run of a program gave. */
export interface ProgramRun {
  readonly resources: readonly Registered[];
  /** The first line of each error. */
  readonly failures: readonly string[];
}

/** What a run needs beside the module. */
export interface RunRequest {
  readonly project: string;
  readonly stack: string;
  /** As the engine passes it: `project:key` and text. */
  readonly config: Readonly<Record<string, string>>;
  /** Members of an invoke's answer, by the function's name: `{ getRegion: { region: "eu-central-1" } }`. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
