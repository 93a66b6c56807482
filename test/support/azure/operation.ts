/**
 * Plays a long-running operation of Azure Resource Manager.
 *
 * Source: Azure, "Track asynchronous Azure operations".
 * Judged by: test/azure/microsoft-clients.judge.test.ts (@azure/arm-compute polls it).
 * Assumed: that each poll moves an operation by one step.
 */
import { randomUUID } from "node:crypto";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { AzureRefusal } from "./refusal.ts";

/** The steps and the result of an operation. */
export interface Work {
  /** Runs one step; true after the last. Throws the error that ends the operation. @default one empty step */
  step?(): boolean;
  /** Output of the completed operation. */
  result?(): Properties | undefined;
}

/** An operation that runs one step at each poll, so its speed is that of the caller. */
export class Operation {
  readonly id = randomUUID();
  readonly started = new Date().toISOString();
  status: "InProgress" | "Succeeded" | "Failed" = "InProgress";
  error: AzureRefusal | undefined;
  output: Properties | undefined;
  readonly #work: Work;
  #idle: number;

  /** @param idle polls before its first step */
  constructor(work: Work, idle: number) {
    this.#work = work;
    this.#idle = idle;
  }

  advance(): void {
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

  /** Its status, as the URL in `Azure-AsyncOperation` returns it. */
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
