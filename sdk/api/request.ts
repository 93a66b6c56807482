/** What a stream is opened for. */
export type ApiRequest =
  | { readonly method: "status" | "metrics" }
  | { readonly method: "events"; readonly follow?: boolean }
  /** `name`: a service or a task. `lines`: only so many of the last. */
  | { readonly method: "logs"; readonly name: string; readonly lines?: number; readonly follow?: boolean }
  | { readonly method: "exec"; readonly name: string; readonly command: readonly string[]; readonly terminal?: ApiTerminal };

/** The terminal of a command. */
export interface ApiTerminal {
  readonly rows: number;
  readonly columns: number;
  /** The value of TERM. */
  readonly term: string;
}

/** The end of a stream. */
export interface ApiOutcome {
  /** The exit status of a command. */
  readonly status: number;
  /** Why the request was not carried out. */
  readonly code?: "refused" | "not-found" | "busy" | "invalid" | "failed";
  readonly message?: string;
}

/** What `status` answers. Times are seconds since the kernel started; sizes are bytes. */
export interface MachineStatus {
  readonly kernel: string;
  readonly bootId: string;
  readonly uptime: number;
  /** Whether every service is up now. */
  readonly healthy: boolean;
  readonly memoryTotal: number;
  readonly memoryAvailable: number;
  readonly services: readonly ServiceStatus[];
  readonly tasks: readonly TaskStatus[];
}

/** The status of a service. */
export interface ServiceStatus {
  readonly name: string;
  /** `starting`, `ok`, `unhealthy`, `waiting for NAME` or `down, REASON`. */
  readonly state: string;
  /** What its latest health check said, if that did not pass. */
  readonly message?: string;
  /** When it came into this state. */
  readonly since: number;
  readonly running: boolean;
  readonly restarts: number;
  /** 0 while it does not run. */
  readonly pid: number;
  /** Of its control group; 0 where it has none of its own. */
  readonly memory: number;
  readonly cpuSeconds: number;
  readonly processes: number;
}

/** The status of an onboot or onshutdown task that has begun. */
export interface TaskStatus {
  readonly name: string;
  readonly phase: "onboot" | "onshutdown";
  readonly state: string;
  readonly message?: string;
}

/** What `events` answers, one a line. */
export interface MachineEvent {
  readonly number: number;
  readonly seconds: number;
  readonly stage: string;
  readonly name?: string;
  readonly state?: string;
  readonly message?: string;
}
