import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ArmClient, type Asked } from "../support/azure/arm-client.ts";
import { AzureServer } from "../support/azure/azure-server.ts";

const MIB = 1 << 20;
const SIZE = 32 * MIB + 512;
const DISKS = "Microsoft.Compute/disks";
const disk = (properties: Record<string, unknown> = {}, beside: Record<string, unknown> = {}) => ({
  location: "westeurope",
  ...beside,
  properties: { osType: "Linux", hyperVGeneration: "V2", creationData: { createOption: "Upload", uploadSizeBytes: SIZE }, ...properties },
});
const ofSize = (uploadSizeBytes?: number) => disk({ creationData: { createOption: "Upload", uploadSizeBytes } });
const stateOf = ({ body }: Asked) => (body.properties as { provisioningState: string }).provisioningState;

describe("the stand-in of Azure Resource Manager", { timeout: 60_000 }, () => {
  let server: AzureServer;
  let client: ArmClient;
  before(async () => {
    server = await AzureServer.start();
    server.arm.groups.set("rg", "westeurope");
    client = new ArmClient(server, "rg");
  });
  after(() => server[Symbol.asyncDispose]());

  const as = (authorization: string) => client.ask("GET", `${DISKS}/good`, undefined, { headers: { authorization } });
  const put = (name: string, body: unknown, headers: Record<string, string> = {}) =>
    client.ask("PUT", `${DISKS}/${name}`, body, { headers });
  const grant = (body: unknown) => client.ask("POST", `${DISKS}/good/beginGetAccess`, body);
  const REQUESTS: readonly { readonly what: string; readonly ask: () => Promise<Asked>; readonly refused?: string }[] = [
    { what: "a disk", ask: () => client.settled("PUT", `${DISKS}/good`, disk()) },
    {
      what: "a location with spaces and capitals",
      ask: () => client.settled("PUT", `${DISKS}/good`, disk({}, { location: "West Europe" })),
    },
    {
      what: "a change of a disk's location",
      ask: () => put("good", disk({}, { location: "northeurope" })),
      refused: "409 PropertyChangeNotAllowed",
    },
    { what: "a change of a disk's upload size", ask: () => put("good", ofSize(SIZE + MIB)), refused: "409 PropertyChangeNotAllowed" },
    { what: "a request without a token", ask: () => as(""), refused: "401 AuthenticationFailed" },
    {
      what: "a forged token",
      ask: () => as(`Bearer ${server.entra.issue().slice(0, -2)}`),
      refused: "401 InvalidAuthenticationToken",
    },
    {
      what: "a token for the storage service",
      ask: () => as(`Bearer ${server.entra.issue("https://storage.azure.com")}`),
      refused: "401 InvalidAuthenticationTokenAudience",
    },
    {
      what: "a request without api-version",
      ask: () => client.ask("GET", `${DISKS}/good`, undefined, { version: "" }),
      refused: "400 MissingApiVersionParameter",
    },
    {
      what: "an api-version of another type",
      ask: () => client.ask("GET", `${DISKS}/good`, undefined, { version: "2024-07-01" }),
      refused: "400 NoRegisteredProviderFound",
    },
    {
      what: "a body with another content type than JSON",
      ask: () => put("d", disk(), { "content-type": "text/plain" }),
      refused: "415 UnsupportedMediaType",
    },
    { what: "a disk without a location", ask: () => put("d", disk({}, { location: undefined })), refused: "400 LocationRequired" },
    { what: "a name with a dot", ask: () => put("d.vhd", disk()), refused: "400 InvalidParameter" },
    { what: "an unknown property", ask: () => put("d", disk({ generation: "V2" })), refused: "400 InvalidParameter" },
    { what: "a property beside properties", ask: () => put("d", disk({}, { osType: "Linux" })), refused: "400 InvalidRequestContent" },
    { what: "a sku in properties", ask: () => put("d", disk({ sku: { name: "Standard_LRS" } })), refused: "400 InvalidRequestContent" },
    { what: "an unknown value of an enumeration", ask: () => put("d", disk({ hyperVGeneration: "V3" })), refused: "400 InvalidParameter" },
    { what: "a tag that is null", ask: () => client.ask("PATCH", `${DISKS}/good`, { tags: { a: null } }), refused: "400 InvalidTagValue" },
    { what: "an upload without a size", ask: () => put("d", ofSize()), refused: "400 InvalidParameter" },
    { what: "a size without the footer", ask: () => put("d", ofSize(32 * MIB)), refused: "400 InvalidParameter" },
    { what: "a size below 20 MiB", ask: () => put("d", ofSize(19 * MIB + 512)), refused: "400 InvalidParameter" },
    {
      what: "Arm64 with generation 1",
      ask: () => put("d", disk({ hyperVGeneration: "V1", supportedCapabilities: { architecture: "Arm64" } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "an unknown resource group",
      ask: () => client.ask("PUT", client.id(`${DISKS}/d`).replace("/rg/", "/none/"), disk()),
      refused: "404 ResourceGroupNotFound",
    },
    {
      what: "an unknown subscription",
      ask: () => client.ask("GET", client.id(`${DISKS}/d`).replace(server.arm.subscription, "none")),
      refused: "404 SubscriptionNotFound",
    },
    { what: "an unknown disk", ask: () => client.ask("GET", `${DISKS}/none`), refused: "404 ResourceNotFound" },
    { what: "an unknown type", ask: () => client.ask("GET", "Microsoft.Compute/discs/none"), refused: "404 InvalidResourceType" },
    {
      what: "creating a disk that exists, with if-none-match",
      ask: () => put("good", disk(), { "if-none-match": "*" }),
      refused: "412 PreconditionFailed",
    },
    {
      what: "updating a disk that changed, with if-match",
      ask: () => put("good", disk(), { "if-match": 'W/"old"' }),
      refused: "412 PreconditionFailed",
    },
    { what: "an unknown action", ask: () => client.ask("POST", `${DISKS}/good/grantAccess`, {}), refused: "404 NotFound" },
    { what: "a grant without a kind of access", ask: () => grant({ durationInSeconds: 60 }), refused: "400 InvalidParameter" },
    {
      what: "a grant of more than 60 days",
      ask: () => grant({ access: "Write", durationInSeconds: 5_184_001 }),
      refused: "400 InvalidParameter",
    },
    {
      what: "a grant to read before the upload",
      ask: () => grant({ access: "Read", durationInSeconds: 60 }),
      refused: "409 OperationNotAllowed",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const { status, code } = await ask();
      if (refused === undefined) assert.ok(status < 300, String(code));
      else assert.equal(`${status} ${code}`, refused);
    });
  }

  test("an operation is polled until it completes, and locks its resource until then", async () => {
    const begun = await put("slow", disk());
    assert.equal(stateOf(begun), "Updating");
    assert.equal(
      (await client.ask("POST", `${DISKS}/slow/beginGetAccess`, { access: "Write", durationInSeconds: 60 })).code,
      "OperationNotAllowed",
    );
    assert.equal((await client.ask("DELETE", `${DISKS}/slow`)).code, "OperationNotAllowed");
    const address = begun.headers.get("location") as string;
    assert.equal((await client.ask("GET", address)).status, 202);
    assert.equal(stateOf(await client.ask("GET", address)), "Succeeded");
    await client.settled("DELETE", `${DISKS}/slow`);
    assert.equal((await client.ask("DELETE", `${DISKS}/slow`)).status, 204);
  });

  test("an operation without polls also completes, as requests for its resource show", async () => {
    await put("alone", disk());
    const views = [await client.ask("GET", `${DISKS}/alone`), await client.ask("GET", `${DISKS}/alone`)];
    assert.deepEqual(views.map(stateOf), ["Updating", "Succeeded"]);
    await client.ask("DELETE", `${DISKS}/alone`);
    assert.deepEqual([(await client.ask("GET", `${DISKS}/alone`)).status, (await client.ask("GET", `${DISKS}/alone`)).status], [200, 404]);
  });

  test("a poll sooner than Retry-After is throttled", async () => {
    await using other = await AzureServer.start({ retryAfterSeconds: 1000 });
    other.arm.groups.set("rg", "westeurope");
    const client = new ArmClient(other, "rg");
    const begun = await client.ask("PUT", `${DISKS}/slow`, disk());
    const address = begun.headers.get("azure-asyncoperation") as string;
    const [first, second] = [await client.ask("GET", address), await client.ask("GET", address)];
    assert.deepEqual(
      [begun.headers.get("retry-after"), first.status, second.status, second.headers.get("retry-after")],
      ["1000", 200, 429, "1000"],
    );
  });

  test("an update keeps the members it omits, and replaces all tags", async () => {
    await client.settled("PUT", `${DISKS}/kept`, disk({}, { tags: { a: "1", b: "2" }, sku: { name: "Standard_LRS" } }));
    await client.settled("PATCH", `${DISKS}/kept`, { tags: { c: "3" } });
    const { tags, sku, properties } = (await client.ask("GET", `${DISKS}/kept`)).body;
    assert.deepEqual([tags, sku, (properties as { osType: string }).osType], [{ c: "3" }, { name: "Standard_LRS" }, "Linux"]);
  });

  test("lists have pages", async () => {
    for (const name of ["l1", "l2", "l3", "l4"]) await client.settled("PUT", `${DISKS}/${name}`, disk());
    const names: string[] = [];
    for (let next: string | undefined = DISKS; next !== undefined; ) {
      const { value, nextLink } = (await client.ask("GET", next)).body as unknown as { value: { name: string }[]; nextLink?: string };
      assert.ok(value.length <= 3);
      names.push(...value.map(({ name }) => name));
      next = nextLink;
    }
    assert.deepEqual(
      names.filter((name) => /^l\d$/.test(name)),
      ["l1", "l2", "l3", "l4"],
    );
  });
});
