/**
 * Plays the WireServer at 168.63.129.16: the goal state and the health report that Azure waits for.
 *
 * Source: Microsoft Learn, "Creating generalized images without a provisioning agent".
 * Assumed: the statuses of refused requests; further elements and line breaks of the goal state.
 */
import { LoopbackServer, type Reply } from "../loopback-server.ts";

const CONTAINER = "a4f2b6c8-1111-4222-8333-944445555666";
const INSTANCE = "6d1f0a2b-7777-4888-8999-a00000000001._web";

/** The WireServer of a machine, and the reports it received. */
export interface WireServer extends AsyncDisposable {
  readonly port: number;
  /** States such as `Ready`, in order of arrival. */
  readonly reported: readonly string[];
}

/** Starts the server. It requires version and agent headers, and reports with its own incarnation, container and instance. */
export async function startWireServer(): Promise<WireServer> {
  const reported: string[] = [];
  const server = await LoopbackServer.start(({ method, url, headers }, body): Reply => {
    if (headers["x-ms-version"] !== "2012-11-30" || !headers["x-ms-agent-name"]) return { status: 400 };
    if (method === "GET" && (url === "/machine/?comp=goalstate" || url === "/machine?comp=goalstate"))
      return { status: 200, body: goalState(), headers: { "content-type": "text/xml; charset=utf-8" } };
    if (method !== "POST" || url !== "/machine?comp=health") return { status: 404 };
    if (!/^text\/xml; ?charset=utf-8$/.test(headers["content-type"] ?? "") || !body.toString().startsWith("<?xml")) return { status: 400 };
    const text = body.toString().replace(/>\s+</g, "><");
    const [, state] =
      new RegExp(
        `<Health [^>]*><GoalStateIncarnation>3</GoalStateIncarnation><Container><ContainerId>${CONTAINER}</ContainerId><RoleInstanceList><Role><InstanceId>${INSTANCE}</InstanceId><Health><State>(\\w+)</State></Health></Role></RoleInstanceList></Container></Health>\\s*$`,
      ).exec(text) ?? [];
    if (state === undefined) return { status: 410 };
    reported.push(state);
    return { status: 200 };
  });
  return { port: server.port, reported, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

// with line breaks and further elements, which the guest must skip
function goalState(): string {
  return `<?xml version="1.0" encoding="utf-8"?>\r\n<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\r\n  <Version>2012-11-30</Version>\r\n  <Incarnation>3</Incarnation>\r\n  <Machine>\r\n    <ExpectedState>Started</ExpectedState>\r\n    <StopRolesDeadlineHint>300000</StopRolesDeadlineHint>\r\n    <ExpectHealthReport>FALSE</ExpectHealthReport>\r\n  </Machine>\r\n  <Container>\r\n    <ContainerId>${CONTAINER}</ContainerId>\r\n    <RoleInstanceList>\r\n      <RoleInstance>\r\n        <InstanceId>${INSTANCE}</InstanceId>\r\n        <State>Started</State>\r\n      </RoleInstance>\r\n    </RoleInstanceList>\r\n  </Container>\r\n</GoalState>\r\n`;
}
