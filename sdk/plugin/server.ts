import type { handleUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
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
import { type Exchange, guarded, method } from "./exchange.ts";
import { create, read, remove, update } from "./lifecycle.ts";
import { packageSchema } from "./package-schema.ts";
import type { Protos } from "./protos.ts";
import { unknownProperty } from "../schema/parse.ts";
import { secrecyOf, withNoted } from "./secrecy.ts";
import { decode, encode } from "./struct.ts";

/**
 * The `ResourceProvider` service of Pulumi's provider protocol (pulumi/provider.proto) over a table of resource
 * types. Methods that are not here answer `UNIMPLEMENTED`, which the engine reads as "not supported".
 */
export function resourceProviderService(exchange: Exchange): UntypedServiceImplementation {
  const { mayAsk } = exchange;
  const methods = Object.entries(serviceMethods(exchange));
  return Object.fromEntries(methods.map(([name, handle]) => [name, mayAsk ? askedBy(exchange.protos, mayAsk, handle) : handle]));
}

type Method = handleUnaryCall<unknown, unknown>;

/** A method that refuses callers who may not ask. */
function askedBy({ grpc }: Protos, mayAsk: (peer: string) => Promise<boolean>, handle: Method): Method {
  return (call, callback) => {
    mayAsk(call.getPeer()).then(
      (may) => (may ? handle(call, callback) : callback({ code: grpc.status.PERMISSION_DENIED, details: STRANGER })),
      (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
    );
  };
}

const STRANGER =
  "this plugin answers the engine that started it, and the caller is another process: to attach an engine to a plugin that you start, set PULUMI_LINUXKIT_ATTACH=1 for the plugin";

function serviceMethods(exchange: Exchange): Record<string, Method> {
  const { protos, provider } = exchange;
  const { provider: messages } = protos;
  const methods = {
    handshake: method(exchange, async (request: ProviderHandshakeRequest) => {
      if (request.getEngineAddress() !== "") exchange.engine ??= connectEngine(protos, request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: method(exchange, async (request: PluginAttach) => {
      exchange.engine?.close();
      exchange.engine = connectEngine(protos, request.getAddress());
      return new protos.empty.Empty();
    }),
    getPluginInfo: method(exchange, async () => {
      const info = new protos.plugin.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: method(exchange, async () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(await packageSchema(provider));
      return response;
    }),
    checkConfig: method(exchange, async (request: CheckRequest) => {
      const known = Object.keys(provider.config);
      const news = withNoted(undefined, decode(request.getNews()));
      const { redact } = secrecyOf(exchange.secrets, [news]);
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      for (const key of Object.keys(news.properties)) {
        // these two belong to the engine
        if (known.includes(key) || key === "version" || key === "pluginDownloadURL") continue;
        response.addFailures(checkFailure(protos, { path: key, message: redact(unknownProperty(key, known)) }));
      }
      return response;
    }),
    // a changed mirror does not change a resource: nothing is replaced
    diffConfig: method(exchange, async (request: DiffRequest) => {
      const [olds, news] = [decode(request.getOldInputs()).properties, decode(request.getNews()).properties];
      return diffResponse(protos, { changed: leafDiff(olds, news) }, olds, news);
    }),
    configure: method(exchange, async (request: ConfigureRequest) => {
      const config = withNoted(undefined, decode(request.getArgs()));
      exchange.config = config.properties;
      secrecyOf(exchange.secrets, [config]);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: method(exchange, (request: CheckRequest) => check(exchange, request)),
    diff: method(exchange, (request: DiffRequest) => diff(exchange, request)),
    create: method(exchange, (request: CreateRequest, dropped) => create(exchange, request, dropped)),
    update: method(exchange, (request: UpdateRequest, dropped) => update(exchange, request, dropped)),
    read: method(exchange, (request: ReadRequest, dropped) => read(exchange, request, dropped)),
    delete: method(exchange, (request: DeleteRequest, dropped) => remove(exchange, request, dropped)),
    cancel: method(exchange, async () => {
      exchange.inFlight.cancel();
      return new protos.empty.Empty();
    }),
    invoke: method(exchange, async (request: InvokeRequest) => {
      const call = provider.functions?.[request.getTok()];
      if (call) {
        const args = decode(request.getArgs());
        const secrecy = secrecyOf(exchange.secrets, [args]);
        const response = new messages.InvokeResponse();
        const found = await guarded(exchange, secrecy, () => call(args.properties));
        response.setReturn(encode(protos, secrecy.sealOutputs(found)));
        return response;
      }
      throw new LinuxKitError("UNSUPPORTED", `function ${request.getTok()} not found in pulumi-linuxkit ${provider.version}`, {
        what: request.getTok(),
      });
    }),
  };
  // each has messages of its own
  return methods as unknown as Record<string, Method>;
}
