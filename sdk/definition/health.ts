import type { Input } from "@pulumi/pulumi/output.js";

import { z } from "zod";
import { fields, port, seconds, text, treePath } from "./fields.ts";
import { type HttpRequestArgs, requestPath, status } from "./http-request.ts";
import { type HttpsCheckArgs, httpsCheck } from "./https-check.ts";

/** A GET to a port. */
export interface HttpPortCheckArgs extends HttpRequestArgs {
  /** The service's TCP port. @example 8080 */
  readonly port: Input<number>;
  /** Not beside `port`. @default none */
  readonly socket?: undefined;
}

/** A GET to a UNIX socket. */
export interface HttpSocketCheckArgs extends HttpRequestArgs {
  /** The path of the socket, as the service sees it. @example "/run/docker/docker.sock" */
  readonly socket: Input<string>;
  /** Not beside `socket`. @default none */
  readonly port?: undefined;
}

/** A GET that must be answered with one status: exactly one of `port` and `socket`. */
export type HttpCheckArgs = HttpPortCheckArgs | HttpSocketCheckArgs;

/** A port that must accept a connection. */
export interface TcpCheckArgs {
  /** The service's TCP port. @example 5432 */
  readonly port: Input<number>;
}

/** How often a service is checked, and how patiently. */
export interface CheckTimesArgs {
  /** Seconds between two checks of a healthy service. @default 5 @example 30 */
  readonly interval?: Input<number | undefined>;
  /** Seconds after which a check has failed. @default 5 @example 2 */
  readonly timeout?: Input<number | undefined>;
  /** Failures in a row that make the service unhealthy. @default 3 @example 5 */
  readonly retries?: Input<number | undefined>;
}

/** Health by HTTP. */
export interface HttpHealthArgs extends CheckTimesArgs {
  /** A GET that must be answered with `status`. @example { port: 8080, path: "/healthz" } */
  readonly http: HttpCheckArgs;
  /** Not beside `http`. @default none */
  readonly https?: undefined;
  /** Not beside `http`. @default none */
  readonly tcp?: undefined;
  /** Not beside `http`. @default none */
  readonly command?: undefined;
}

/** Health by HTTP over TLS. */
export interface HttpsHealthArgs extends CheckTimesArgs {
  /** A GET over TLS that must be answered with `status`. @example { port: 6443, path: "/livez", serverName: "kubernetes", caSecret: "ca.crt" } */
  readonly https: HttpsCheckArgs;
  /** Not beside `https`. @default none */
  readonly http?: undefined;
  /** Not beside `https`. @default none */
  readonly tcp?: undefined;
  /** Not beside `https`. @default none */
  readonly command?: undefined;
}

/** Health by a TCP connection. */
export interface TcpHealthArgs extends CheckTimesArgs {
  /** A port that must accept a connection. @example { port: 5432 } */
  readonly tcp: TcpCheckArgs;
  /** Not beside `tcp`. @default none */
  readonly https?: undefined;
  /** Not beside `tcp`. @default none */
  readonly http?: undefined;
  /** Not beside `tcp`. @default none */
  readonly command?: undefined;
}

/** Health by a program. */
export interface CommandHealthArgs extends CheckTimesArgs {
  /** A program, run in the container, that must exit with 0. @example ["pg_isready", "-q"] */
  readonly command: Input<readonly Input<string>[]>;
  /** Not beside `command`. @default none */
  readonly https?: undefined;
  /** Not beside `command`. @default none */
  readonly http?: undefined;
  /** Not beside `command`. @default none */
  readonly tcp?: undefined;
}

/** How the guest checks that a service works: exactly one of `http`, `https`, `tcp` and `command`. */
export type HealthArgs = HttpHealthArgs | HttpsHealthArgs | TcpHealthArgs | CommandHealthArgs;

// sun_path has 108 bytes (unix(7)), but the guest opens the socket first, so the limit is that of a path
const absolutePath = treePath.refine((path) => path.startsWith("/"), 'an absolute path, as "/run/app.sock"');

/** The schema of {@link HealthArgs}. */
export const health = fields({
  http: fields({
    port: port.optional(),
    socket: absolutePath.optional(),
    path: requestPath.optional(),
    status: status.optional(),
  })
    .superRefine((value, context) => {
      if (value.port === undefined && value.socket === undefined)
        context.addIssue({ code: "custom", path: ["port"], message: "a port, or socket: the path of a UNIX socket" });
      if (value.port !== undefined && value.socket !== undefined)
        context.addIssue({ code: "custom", path: ["socket"], message: "exactly one of port and socket" });
    })
    .optional(),
  https: httpsCheck.optional(),
  tcp: fields({ port }).optional(),
  command: z.array(text).min(1, "a program and its arguments").optional(),
  interval: seconds.optional(),
  timeout: seconds.optional(),
  retries: z.int().min(1).max(1000).optional(),
}).superRefine((value, context) => {
  const kinds = [value.http, value.https, value.tcp, value.command].filter((kind) => kind !== undefined).length;
  if (kinds !== 1) context.addIssue({ code: "custom", message: "exactly one of http, https, tcp and command" });
});
