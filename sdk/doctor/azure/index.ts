import { azureLogin } from "../../../providers/azure/plugin/access/login.ts";
import { resourceManager } from "../../../providers/azure/plugin/access/resource-manager.ts";
import { isLinuxKitError } from "../../core/errors.ts";
import { type Asked, type CloudDoctor, ofType } from "../cloud.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { checkGroup, checkRights, get, type Group } from "./account.ts";
import { checkNetwork } from "./network.ts";
import { roleOf } from "./permissions.ts";
import { checkQuotas, checkSizes, sizesIn } from "./sizes.ts";
import { partsOf, wantedMachines } from "./wanted.ts";

/** The checks of a subscription of Azure, with the credentials that an update would use. */
export const azureDoctor: CloudDoctor = {
  stock: "@pulumi/azure-native",
  answers: (asked) => ({
    getClientConfig: { subscriptionId: subscriptionOf(asked) ?? "", tenantId: asked.config["azure-native:tenantId"] ?? "" },
    getResourceGroup: { location: locationGiven(asked) ?? "westeurope" },
  }),
  policy: (asked) => {
    const group = groupOf(asked);
    return roleOf(
      partsOf(asked),
      `/subscriptions/${subscriptionOf(asked) ?? "SUBSCRIPTION"}${group === undefined ? "" : `/resourceGroups/${group}`}`,
    );
  },
  identity: (asked) => ({ name: "credentials", run: (signal) => checkIdentity(asked, signal) }),
  checks(asked) {
    const machines = wantedMachines(asked);
    const check = (name: string, run: (group: Group) => Promise<readonly Finding[]>) => ({
      name,
      run: async (signal: AbortSignal) => run(await connected(asked, signal)),
    });
    return [
      check("resource group", checkGroup),
      check("rights", (group) => checkRights(group, partsOf(asked))),
      check("encryption", async () => [findingsOf("encryption").ok("default", "Azure encrypts disks and images, with its own keys")]),
      ...(machines.length === 0
        ? []
        : [
            check("instance type", async (group) => {
              const location = await locationOf(asked, group);
              const sizes = await sizesIn(group, location);
              return [...checkSizes(sizes, location, machines), ...(await checkQuotas(group, sizes, location, machines))];
            }),
          ]),
      ...machines.map((one) => check("subnet", (group) => checkNetwork(group, one))),
    ];
  },
};

function subscriptionOf({ place, config, env }: Asked): string | undefined {
  return (
    place["subscription"] ?? config["azure-native:subscriptionId"] ?? (env.ARM_SUBSCRIPTION_ID || env.AZURE_SUBSCRIPTION_ID || undefined)
  );
}

/** The group that the command or the program names; the program's first upload, where it names several. */
function groupOf({ place, resources }: Asked): string | undefined {
  const [name] = ofType(resources, "linuxkit:index:AzureUpload").map(({ inputs }) => inputs["resourceGroupName"]);
  return place["resource-group"] ?? (typeof name === "string" ? name : undefined);
}

function locationGiven({ place, config }: Asked): string | undefined {
  return place["region"] ?? config["azure-native:location"];
}

async function locationOf(asked: Asked, group: Group): Promise<string> {
  const given = locationGiven(asked);
  if (given !== undefined || group.name === undefined) return given ?? "westeurope";
  const path = `/subscriptions/${group.subscription}/resourceGroups/${group.name}`;
  return (await get<{ location: string }>(group, path, "2021-04-01", `resource group ${group.name}`))?.location ?? "westeurope";
}

async function connected(asked: Asked, signal: AbortSignal): Promise<Group> {
  const manager = resourceManager(await azureLogin(asked.access ?? {}, signal));
  return { manager, subscription: subscriptionOf(asked) ?? "", name: groupOf(asked), signal };
}

async function checkIdentity(asked: Asked, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("credentials");
  const subscription = subscriptionOf(asked);
  if (subscription === undefined)
    return [refused("subscription", "none is set", "give --subscription, or `pulumi config set azure-native:subscriptionId`")];
  try {
    const group = await connected(asked, signal);
    const found = await get<{ readonly state?: string; readonly displayName?: string }>(
      group,
      `/subscriptions/${subscription}`,
      "2022-12-01",
      "subscription",
    );
    if (!found)
      return [
        refused(
          subscription,
          "the credentials do not reach this subscription",
          "az account set --subscription, or ask its owner for a role",
        ),
      ];
    // Source: Microsoft Learn, "Azure subscription states"
    if (found.state !== undefined && !["Enabled", "PastDue"].includes(found.state))
      return [
        refused(subscription, `the subscription is ${found.state}: it starts nothing`, "reactivate it in the portal, or use another"),
      ];
    return [ok(subscription, found.displayName ?? "the subscription is reached")];
  } catch (error) {
    if (!isLinuxKitError(error)) throw error;
    return [refused(subscription, error.message, "run `az login`, or set ARM_CLIENT_ID, ARM_TENANT_ID and ARM_CLIENT_SECRET")];
  }
}
