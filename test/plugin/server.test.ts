import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { loadProtos } from "../../sdk/plugin/protos.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import type { Difference, ResourceType } from "../../sdk/plugin/resource-type.ts";
import { engineAddress, startServer } from "../../sdk/plugin/serve.ts";
import { decode, encode } from "../../sdk/plugin/struct.ts";
import { type Properties, secret, UNKNOWN } from "../../sdk/plugin/value.ts";
import { probeProvider, type ProbeWorld } from "../support/probe.ts";

const protos = loadProtos();
const URN = "urn:pulumi:test::probe::some:index:Parent$linuxkit:index:Probe::p::q";

/** A client of a provider's server, over the loopback interface as the engine's. */
async function serve(provider: Provider) {
  const serving = await startServer(provider);
  const client = new protos.providerService.ResourceProviderClient(`127.0.0.1:${serving.port}`, protos.grpc.credentials.createInsecure());
  after(async () => {
    client.close();
    await serving.stop();
  });
  return <Response>(method: string, request: unknown): Promise<Response> =>
    new Promise((resolve, reject) => {
      const call = client[method as "check"] as unknown as (
        request: unknown,
        done: (error: ServiceError | null, response: Response) => void,
      ) => void;
      call.call(client, request, (error, response) => (error ? reject(error) : resolve(response)));
    });
}

/** A request of the given class with its setters called: `{ Urn: … }`. */
function request<T extends object>(Class: new () => T, fields: Record<string, unknown>): T {
  const message = new Class();
  for (const [name, value] of Object.entries(fields)) (message as Record<string, (value: unknown) => void>)[`set${name}`]?.(value);
  return message;
}

const struct = (properties: Properties): Struct => encode(protos, properties);
const { provider: messages } = protos;

describe("the provider's service", async () => {
  const world: ProbeWorld = { asked: [], live: new Map() };
  const call = await serve(probeProvider(world));
  type Check = import("@pulumi/pulumi/proto/provider_pb.js").CheckResponse;
  type Create = import("@pulumi/pulumi/proto/provider_pb.js").CreateResponse;

  test("says what it is", async () => {
    const info = await call<{ getVersion(): string }>("getPluginInfo", new protos.empty.Empty());
    assert.equal(info.getVersion(), "0.1.0");
    const shaken = await call<{ getAcceptSecrets(): boolean }>("handshake", new messages.ProviderHandshakeRequest());
    assert.ok(shaken.getAcceptSecrets());
    const schema = await call<{ getSchema(): string }>("getSchema", new messages.GetSchemaRequest());
    assert.deepEqual(Object.keys(JSON.parse(schema.getSchema()).resources), ["linuxkit:index:Probe"]);
    const configured = await call<{ getSupportspreview(): boolean; getAcceptsecrets(): boolean }>(
      "configure",
      new messages.ConfigureRequest(),
    );
    assert.ok(configured.getSupportspreview() && configured.getAcceptsecrets());
  });

  test("checks, and keeps secrets and unknowns", async () => {
    const news = struct({ text: secret("swordfish"), tree: { a: UNKNOWN } });
    const response = await call<Check>("check", request(messages.CheckRequest, { Urn: URN, News: news }));
    assert.deepEqual(response.getFailuresList(), []);
    const { properties, secretPaths } = decode(response.getInputs());
    assert.deepEqual(properties, { text: "swordfish", tree: { a: UNKNOWN } });
    assert.deepEqual([...secretPaths], ["text"]);
  });

  test("a setting of the provider that is another is an update of it, never another provider", async () => {
    const configDiff = async (olds: Properties, news: Properties) => {
      const response = await call<import("@pulumi/pulumi/proto/provider_pb.js").DiffResponse>(
        "diffConfig",
        request(messages.DiffRequest, { Urn: URN, OldInputs: struct(olds), Olds: struct(olds), News: struct(news) }),
      );
      return [response.getChanges(), response.getDiffsList(), response.getReplacesList()];
    };
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    assert.deepEqual(await configDiff({ mirror: "a" }, { mirror: "a" }), [DIFF_NONE, [], []]);
    assert.deepEqual(await configDiff({ mirror: "a", other: "x" }, { mirror: "b" }), [DIFF_SOME, ["mirror", "other"], []]);
  });

  test("gives each failure its path, in the reason where the engine would print an input's value", async () => {
    const response = await call<Check>("check", request(messages.CheckRequest, { Urn: URN, News: struct({ text: true }) }));
    assert.deepEqual(
      response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
      [["", "text: got true, wanted a string"]],
    );
  });

  test("previews without doing anything", async () => {
    const response = await call<Create>(
      "create",
      request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: UNKNOWN }), Preview: true }),
    );
    assert.deepEqual(decode(response.getProperties()).properties, { echo: UNKNOWN, length: UNKNOWN, serial: UNKNOWN, key: UNKNOWN });
    assert.deepEqual(world.asked, []);
  });

  test("takes the whole rest of a URN for the name", async () => {
    const response = await call<Create>("create", request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: "x" }) }));
    assert.equal(response.getId(), "p::q");
    assert.ok(decode(response.getProperties()).secretPaths.has("key"));
  });

  test("answers what exists but is not ready with all that the engine keeps", async () => {
    const failed = call(
      "create",
      request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: secret("swordfish"), act: "half" }) }),
    );
    await assert.rejects(failed, (error: ServiceError) => {
      const status = protos.status.Status.deserializeBinary(error.metadata.get("grpc-status-details-bin")[0] as Buffer);
      const packed = status.getDetailsList()[0];
      assert.equal(packed?.getTypeUrl(), "type.googleapis.com/pulumirpc.ErrorResourceInitFailed");
      const detail = messages.ErrorResourceInitFailed.deserializeBinary(packed.getValue_asU8());
      assert.deepEqual([detail.getId(), detail.getReasonsList()], ["p::q", ["p::q exists, but is not ready"]]);
      assert.deepEqual(decode(detail.getInputs()).properties, { text: "swordfish", act: "half" });
      assert.ok(decode(detail.getProperties()).secretPaths.has("echo"));
      return true;
    });
  });

  test("cancels what is in flight and can be used after it", async () => {
    const running = call("create", request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: "x", act: "hang" }) }));
    const outcome = assert.rejects(running, /cancelled before it was done/);
    while (!world.asked.at(-1)?.startsWith("create")) await new Promise((resolve) => setImmediate(resolve));
    await call("cancel", new protos.empty.Empty());
    await outcome;
    assert.equal(world.asked.at(-1), "undone");
    await call("create", request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: "x" }) }));
  });

  test("a time-out is the request's, in seconds", async () => {
    const late = call(
      "create",
      request(messages.CreateRequest, { Urn: URN, Properties: struct({ text: "x", act: "hang" }), Timeout: 0.05 }),
    );
    await assert.rejects(late, /making p::q took longer than 0.05 s/);
  });

  test("what is gone has no id", async () => {
    const response = await call<{ getId(): string }>(
      "read",
      request(messages.ReadRequest, { Urn: URN, Id: "absent", Properties: struct({ echo: "x" }) }),
    );
    assert.equal(response.getId(), "");
  });

  const refused: readonly (readonly [string, string, unknown, RegExp])[] = [
    [
      "an unknown type",
      "check",
      request(messages.CheckRequest, { Urn: "urn:pulumi:s::p::linuxkit:index:Nothing::x" }),
      /resource type linuxkit:index:Nothing not found .*wanted one of linuxkit:index:Probe/,
    ],
    [
      "a type with the name of an object's inherited member",
      "check",
      request(messages.CheckRequest, { Urn: "urn:pulumi:s::p::constructor::x" }),
      /resource type constructor not found/,
    ],
    ["an unknown function", "invoke", request(messages.InvokeRequest, { Tok: "linuxkit:index:f" }), /function linuxkit:index:f not found/],
  ];
  for (const [name, method, message, error] of refused) test(`refuses ${name}`, () => assert.rejects(call(method, message), error));
});

describe("differences", async () => {
  let difference: Difference = { changed: new Map() };
  const type: ResourceType = { token: "linuxkit:index:Probe", diff: () => difference, create: () => Promise.reject(new Error("never")) };
  const call = await serve({ name: "linuxkit", version: "0.1.0", config: {}, types: { [type.token]: async () => type } });
  const { Kind } = messages.PropertyDiff;

  const diff = async (of: Difference, old: Properties, now: Properties) => {
    difference = of;
    const sent = request(messages.DiffRequest, { Urn: URN, OldInputs: struct(old), News: struct(now) });
    const response = await call<import("@pulumi/pulumi/proto/provider_pb.js").DiffResponse>("diff", sent);
    const detailed: Record<string, [number, boolean]> = {};
    response.getDetaileddiffMap().forEach((property, path) => {
      detailed[path] = [property.getKind(), property.getInputdiff()];
    });
    return { response, detailed };
  };

  test("no difference is reported as none, in detail too", async () => {
    const { response, detailed } = await diff({ changed: new Map() }, {}, {});
    assert.equal(response.getChanges(), messages.DiffResponse.DiffChanges.DIFF_NONE);
    assert.ok(response.getHasdetaileddiff());
    assert.deepEqual(detailed, {});
  });

  test("each leaf has its kind, seen from both sides", async () => {
    const changed = new Map([
      ["a.x", "update"],
      ["a.y", "replace"],
      ["b[0]", "update"],
      ["c", "replace"],
      ["d", "replace"],
    ] as const);
    const { response, detailed } = await diff(
      { changed, deleteBeforeReplace: true },
      { a: { x: 1, y: 1 }, b: [1], c: 1 },
      { a: { x: 2, y: 2 }, b: [], d: 1 },
    );
    assert.deepEqual(detailed, {
      "a.x": [Kind.UPDATE, true],
      "a.y": [Kind.UPDATE_REPLACE, true],
      "b[0]": [Kind.DELETE, true],
      c: [Kind.DELETE_REPLACE, true],
      d: [Kind.ADD_REPLACE, true],
    });
    assert.deepEqual(
      [response.getDiffsList(), response.getReplacesList(), response.getDeletebeforereplace()],
      [["a", "b", "c", "d"], ["a", "c", "d"], true],
    );
    assert.equal(response.getChanges(), messages.DiffResponse.DiffChanges.DIFF_SOME);
  });

  test("drift is of outputs", async () => {
    const { detailed } = await diff({ changed: new Map(), drifted: new Map([["running", "replace"]]) }, {}, {});
    assert.deepEqual(detailed, { running: [Kind.UPDATE_REPLACE, false] });
  });
});

test("the engine's address is the first argument that is no option", () => {
  assert.equal(engineAddress(["127.0.0.1:7"]), "127.0.0.1:7");
  assert.equal(engineAddress(["--logtostderr", "-v=9", "--tracing", "http://t", "127.0.0.1:7"]), "127.0.0.1:7");
  assert.equal(engineAddress(["--logtostderr"]), undefined);
});

test("an operation ends at once when its engine is gone: nobody would store its result", async () => {
  let ended: (reason: unknown) => void = () => {};
  const reason = new Promise((resolve) => (ended = resolve));
  const type: ResourceType = {
    token: "linuxkit:index:Probe",
    create: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => (ended(signal.reason), reject(signal.reason)));
        call.cancel();
      }),
  };
  const serving = await startServer({
    name: "linuxkit",
    version: "0.1.0",
    config: {},
    types: { "linuxkit:index:Probe": async () => type },
  });
  const client = new protos.providerService.ResourceProviderClient(`127.0.0.1:${serving.port}`, protos.grpc.credentials.createInsecure());
  const call = client.create(request(messages.CreateRequest, { Urn: URN, Properties: struct({}) }), () => {});
  assert.match(String(await reason), /the engine has ended before the operation/);
  client.close();
  await serving.stop();
});
