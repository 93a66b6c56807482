import { randomUUID } from "node:crypto";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { AzureRefusal } from "./refusal.ts";

/** What a long-running operation does. */
export interface Work {
  /** Goes a step further; whether that was the last. Throws the refusal that it ends with. @default one step that does nothing */
  step?(): boolean;
  /** What the operation gives once it is done. */
  result?(): Properties | undefined;
}

/** A long-running operation: as slow as the one who asks for it, since each look is a step. */
export class Operation {
  readonly id = randomUUID();
  readonly started = new Date().toISOString();
  status: "InProgress" | "Succeeded" | "Failed" = "InProgress";
  error: AzureRefusal | undefined;
  output: Properties | undefined;
  readonly #work: Work;
  #idle: number;

  /** @param idle looks before its first step */
  constructor(work: Work, idle: number) {
    this.#work = work;
    this.#idle = idle;
  }

  look(): void {
    if (this.status !== "InProgress" || this.#idle-- > 0) return;
    try {
      if (!(this.#work.step?.() ?? true)) return;
      this.output = this.#work.result?.();
      this.status = "Succeeded";
    } catch (error) {
      if (!(error instanceof AzureRefusal)) throw error;
      this.error = error;
      this.status = "Failed";
    }
  }

  /** As `Azure-AsyncOperation` shows it. */
  get view(): Properties {
    const { id, started, status, error, output } = this;
    return {
      name: id,
      startTime: started,
      status,
      ...(output && { properties: { output } }),
      ...(error && { error: { code: error.code, message: error.message } }),
    };
  }
}
