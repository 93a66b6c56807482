import type { SwarmService } from "../../sdk/swarm/plugin/node.ts";
import { WEB } from "../../test/kubernetes/support/programs.ts";
import { spread, type SwarmAccess, swarmEngines, webService } from "../../test/swarm/support/web-service.ts";
import type { ClusterPart } from "./cluster.ts";

const SERVICE = webService({ Image: WEB.name }, 80);

/** Three managers with a replica on each. The node that is lost is a manager, but not the leader. */
export function swarm(signal: AbortSignal): ClusterPart {
  return {
    replicas: 3,
    async connect(outputs) {
      const engines = swarmEngines(() => outputs as SwarmAccess);
      return {
        async deploy() {
          await engines.must("m1", "POST", "/services/create", SERVICE);
        },
        async spread() {
          const { ID } = await engines.must<SwarmService>("m1", "GET", "/services/web");
          await spread(engines, ID, SERVICE, signal);
          // the first is the one that is asked
          const others = (await engines.nodes()).filter(({ Description }) => Description?.Hostname !== "m1");
          const name = others.find(({ ManagerStatus }) => ManagerStatus?.Leader !== true)?.Description?.Hostname;
          if (name === undefined) throw new Error("the swarm: got no manager beside m1 and the leader, wanted one to lose");
          return name;
        },
      };
    },
  };
}
