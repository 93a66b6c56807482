import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type {
  CreateRequest,
  CreateResponse,
  DeleteRequest,
  ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb.js";
import { LinuxKitError } from "../core/errors.ts";
import { type Exchange, FailedStatus, previewed, subjectOf, worked } from "./exchange.ts";
import { unreadyStatus } from "./failure.ts";
import { typeOf } from "./provider.ts";
import { secrecyOf, withNoted } from "./secrecy.ts";
import { type Decoded, decode, encode } from "./struct.ts";
import { type Properties, UNKNOWN } from "./value.ts";

/** `Create`, and what a preview shows of it. */
export async function create(exchange: Exchange, request: CreateRequest, dropped: AbortSignal): Promise<CreateResponse> {
  const { protos } = exchange;
  const type = await typeOf(exchange.provider, request.getUrn());
  const news = withNoted(type.inputs, decode(request.getProperties()));
  const inputs = news.properties;
  const secrecy = secrecyOf(exchange.secrets, [news]);
  const response = new protos.provider.CreateResponse();
  if (request.getPreview()) {
    const outputs = await previewed(
      exchange,
      request,
      secrecy,
      dropped,
      (around) => type.preview?.({ ...subjectOf(request), inputs, ...around }) ?? inputs,
    );
    response.setProperties(encode(protos, secrecy.sealOutputs(outputs)));
    return response;
  }
  const { id, outputs, failure } = await worked(exchange, request, type, secrecy, "making", dropped, (work) =>
    type.create({ ...work, inputs }),
  );
  if (failure)
    throw new FailedStatus(
      unreadyStatus(protos, { id, inputs: secrecy.seal(inputs), outputs: secrecy.sealOutputs(outputs) }, failure, secrecy.redact),
    );
  response.setId(id);
  response.setProperties(encode(protos, secrecy.sealOutputs(outputs)));
  return response;
}

/** `Update`, and what a preview shows of it. */
export async function update(exchange: Exchange, request: UpdateRequest, dropped: AbortSignal): Promise<UpdateResponse> {
  const { protos } = exchange;
  const type = await typeOf(exchange.provider, request.getUrn());
  const [news, olds] = [request.getNews(), request.getOldInputs()].map((struct) => withNoted(type.inputs, decode(struct))) as [
    Decoded,
    Decoded,
  ];
  const state = withNoted(type.outputs, decode(request.getOlds()));
  const [id, inputs, oldInputs, oldOutputs] = [request.getId(), news.properties, olds.properties, state.properties];
  const secrecy = secrecyOf(exchange.secrets, [news, olds], state);
  const response = new protos.provider.UpdateResponse();
  if (request.getPreview()) {
    const old = { id, inputs: oldInputs, outputs: oldOutputs };
    const outputs = await previewed(
      exchange,
      request,
      secrecy,
      dropped,
      (around) => type.preview?.({ ...subjectOf(request), inputs, old, ...around }) ?? { ...unknownMembers(oldOutputs), ...inputs },
    );
    response.setProperties(encode(protos, secrecy.sealOutputs(outputs)));
    return response;
  }
  const { outputs, failure } = await worked(exchange, request, type, secrecy, "updating", dropped, async (work) => {
    if (!type.update)
      throw new LinuxKitError("UNSUPPORTED", `${type.token} cannot be changed in place: replace it`, { what: `update of ${type.token}` });
    return type.update({ ...work, id, inputs, oldInputs, oldOutputs });
  });
  if (failure)
    throw new FailedStatus(
      unreadyStatus(protos, { id, inputs: secrecy.seal(inputs), outputs: secrecy.sealOutputs(outputs) }, failure, secrecy.redact),
    );
  response.setProperties(encode(protos, secrecy.sealOutputs(outputs)));
  return response;
}

/** `Read`, for refresh (with properties) and for import (without). */
export async function read(exchange: Exchange, request: ReadRequest, dropped: AbortSignal): Promise<ReadResponse> {
  const { protos } = exchange;
  const type = await typeOf(exchange.provider, request.getUrn());
  const state = withNoted(type.outputs, decode(request.getProperties()));
  const olds = withNoted(type.inputs, decode(request.getInputs()));
  const secrecy = secrecyOf(exchange.secrets, [olds], state);
  const isImport = !isFilled(request.getProperties()) && !isFilled(request.getInputs());
  const known = isImport ? {} : { inputs: olds.properties, outputs: state.properties };
  const found = await worked(exchange, request, type, secrecy, "reading", dropped, async (work) => {
    if (type.read) return type.read({ ...work, id: request.getId(), ...known });
    if (isImport) throw new LinuxKitError("UNSUPPORTED", `${type.token} cannot be imported`, { what: `import of ${type.token}` });
    return { id: request.getId(), outputs: state.properties };
  });
  const response = new protos.provider.ReadResponse();
  // an empty id means that the resource no longer exists
  if (!found) return response;
  response.setId(found.id);
  // what a verb marks in the inputs is a secret of the outputs too
  const marked = found.inputs && withNoted(type.inputs, decode(encode(protos, found.inputs)));
  const sealing = marked ? secrecyOf(exchange.secrets, [olds, marked], state) : secrecy;
  response.setProperties(encode(protos, sealing.sealOutputs(found.outputs)));
  response.setInputs(encode(protos, sealing.seal(marked?.properties ?? olds.properties)));
  return response;
}

/** `Delete`. A resource of a type without it is only removed from the state. */
export async function remove(exchange: Exchange, request: DeleteRequest, dropped: AbortSignal): Promise<Empty> {
  const type = await typeOf(exchange.provider, request.getUrn());
  const state = withNoted(type.outputs, decode(request.getProperties()));
  const olds = withNoted(type.inputs, decode(request.getOldInputs()));
  await worked(exchange, request, type, secrecyOf(exchange.secrets, [olds], state), "removing", dropped, async (work) =>
    type.delete?.({ ...work, id: request.getId(), inputs: olds.properties, outputs: state.properties }),
  );
  return new exchange.protos.empty.Empty();
}

function unknownMembers(properties: Properties): Properties {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, UNKNOWN]));
}

function isFilled(struct: Struct | undefined): boolean {
  return struct !== undefined && struct.getFieldsMap().getLength() > 0;
}
