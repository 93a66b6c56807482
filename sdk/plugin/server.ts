import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  InvokeRequest,
  ProviderHandshakeRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { LinuxKitError } from "../core/errors.ts";
import { check, checkFailure, diff, diffResponse } from "./check-and-diff.ts";
import { leafDiff } from "./leaf-diff.ts";
import { connectEngine } from "./engine.ts";
import { type Exchange, method } from "./exchange.ts";
import { create, read, remove, update } from "./lifecycle.ts";
import { packageSchema } from "./package-schema.ts";
import { unknownProperty } from "../schema/parse.ts";
import { decode, encode } from "./struct.ts";

/**
 * The `ResourceProvider` service of Pulumi's provider protocol (pulumi/provider.proto) over a table of resource
 * types. Methods that are not here answer `UNIMPLEMENTED`, which the engine reads as "not supported".
 */
export function resourceProviderService(exchange: Exchange): UntypedServiceImplementation {
  const { protos, provider } = exchange;
  const { provider: messages } = protos;
  return {
    handshake: method(protos, async (request: ProviderHandshakeRequest) => {
      if (request.getEngineAddress() !== "") exchange.engine ??= connectEngine(protos, request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: method(protos, async (request: PluginAttach) => {
      exchange.engine?.close();
      exchange.engine = connectEngine(protos, request.getAddress());
      return new protos.empty.Empty();
    }),
    getPluginInfo: method(protos, async () => {
      const info = new protos.plugin.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: method(protos, async () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(await packageSchema(provider));
      return response;
    }),
    checkConfig: method(protos, async (request: CheckRequest) => {
      const known = Object.keys(provider.config);
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      for (const key of Object.keys(decode(request.getNews()).properties)) {
        // these two belong to the engine
        if (known.includes(key) || key === "version" || key === "pluginDownloadURL") continue;
        response.addFailures(checkFailure(protos, { path: key, message: unknownProperty(key, known) }));
      }
      return response;
    }),
    // a changed mirror does not change a resource: nothing is replaced
    diffConfig: method(protos, async (request: DiffRequest) => {
      const [olds, news] = [decode(request.getOldInputs()).properties, decode(request.getNews()).properties];
      return diffResponse(protos, { changed: leafDiff(olds, news) }, olds, news);
    }),
    configure: method(protos, async (request: ConfigureRequest) => {
      exchange.config = decode(request.getArgs()).properties;
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: method(protos, (request: CheckRequest) => check(exchange, request)),
    diff: method(protos, (request: DiffRequest) => diff(exchange, request)),
    create: method(protos, (request: CreateRequest, dropped) => create(exchange, request, dropped)),
    update: method(protos, (request: UpdateRequest, dropped) => update(exchange, request, dropped)),
    read: method(protos, (request: ReadRequest, dropped) => read(exchange, request, dropped)),
    delete: method(protos, (request: DeleteRequest, dropped) => remove(exchange, request, dropped)),
    cancel: method(protos, async () => {
      exchange.inFlight.cancel();
      return new protos.empty.Empty();
    }),
    invoke: method(protos, async (request: InvokeRequest) => {
      const call = provider.functions?.[request.getTok()];
      if (call) {
        const response = new messages.InvokeResponse();
        response.setReturn(encode(protos, await call(decode(request.getArgs()).properties)));
        return response;
      }
      throw new LinuxKitError("UNSUPPORTED", `function ${request.getTok()} not found in pulumi-linuxkit ${provider.version}`, {
        what: request.getTok(),
      });
    }),
  };
}
