import { createRequire } from "node:module";
import { join } from "node:path";
import { LinuxKitError } from "../core/errors.ts";

/** The engine's protocol: Pulumi's generated messages and the gRPC and protobuf copies that they were loaded with. */
export interface Protos {
  readonly grpc: typeof import("@grpc/grpc-js");
  readonly struct: typeof import("google-protobuf/google/protobuf/struct_pb.js");
  readonly empty: typeof import("google-protobuf/google/protobuf/empty_pb.js");
  readonly any: typeof import("google-protobuf/google/protobuf/any_pb.js");
  readonly provider: typeof import("@pulumi/pulumi/proto/provider_pb.js");
  readonly providerService: typeof import("@pulumi/pulumi/proto/provider_grpc_pb.js");
  readonly plugin: typeof import("@pulumi/pulumi/proto/plugin_pb.js");
  readonly engine: typeof import("@pulumi/pulumi/proto/engine_pb.js");
  readonly engineService: typeof import("@pulumi/pulumi/proto/engine_grpc_pb.js");
  readonly status: typeof import("@pulumi/pulumi/proto/status_pb.js");
}

/**
 * Loads the protocol out of the installed `@pulumi/pulumi`, without its SDK: that alone would take longer than
 * everything else here. A second copy of gRPC or protobuf would not know the messages of the first, so both are
 * resolved as `@pulumi/pulumi` itself resolves them. Sought beside this package, then from `projectDir`.
 *
 * @throws TOOL_MISSING
 */
export function loadProtos(projectDir: string = process.cwd()): Protos {
  const load = createRequire(findPulumi([import.meta.url, join(projectDir, "package.json")]));
  return {
    grpc: load("@grpc/grpc-js"),
    struct: load("google-protobuf/google/protobuf/struct_pb.js"),
    empty: load("google-protobuf/google/protobuf/empty_pb.js"),
    any: load("google-protobuf/google/protobuf/any_pb.js"),
    provider: load("./proto/provider_pb.js"),
    providerService: load("./proto/provider_grpc_pb.js"),
    plugin: load("./proto/plugin_pb.js"),
    engine: load("./proto/engine_pb.js"),
    engineService: load("./proto/engine_grpc_pb.js"),
    status: load("./proto/status_pb.js"),
  };
}

function findPulumi(from: readonly string[]): string {
  for (const place of from) {
    try {
      return createRequire(place).resolve("@pulumi/pulumi/package.json");
    } catch {
      // try the next location
    }
  }
  throw new LinuxKitError(
    "TOOL_MISSING",
    "@pulumi/pulumi is not installed beside pulumi-linuxkit: run `npm install @pulumi/pulumi` in the project's folder",
    { tool: "@pulumi/pulumi" },
  );
}
