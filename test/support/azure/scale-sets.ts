/**
 * Plays uniform scale sets and their machines.
 *
 * Source: Azure REST API, "Virtual Machine Scale Sets", "Virtual Machine Scale Set VMs", "Virtual Machine Scale Set
 * Rolling Upgrades".
 * Judged by: test/azure/microsoft-clients.judge.test.ts (@azure/arm-compute rolls a set).
 * Assumed: which properties cannot change; two machines a page; paces of polls.
 * Tested both ways in `azure/rollout-driver`: a machine's health is known at the first poll after a start, or never; an upgrade
 * completes with its machines, or without.
 */
import { canonicalJson } from "../../../sdk/core/json.ts";
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import { type Arm, type ArmKind, type ArmResource, placeOf } from "./arm.ts";
import { keyOf } from "./arm-id.ts";
import { textAt, valueAt } from "./arm-shape.ts";
import { launchImage } from "./images.ts";
import { MACHINE_NAMING } from "./machines.ts";
import type { Work } from "./operation.ts";
import { AzureRefusal } from "./refusal.ts";
import { type Instance, RollingUpgrade } from "./rolling-upgrade.ts";
import { checkScaleSet, profileOf } from "./scale-set-rules.ts";

/** Machines and latest upgrade of a scale set. */
export interface ScaleSetContent {
  instances: Instance[];
  upgrade: RollingUpgrade | undefined;
}

const PAGE = 2;

/** The scale sets of one subscription. An upgrade advances at each poll. */
export class ScaleSets {
  readonly kind: ArmKind;
  readonly #content = new Map<string, ScaleSetContent>();
  /** Whether machines of an image version never become healthy, by its ID in lower case. */
  isUnhealthy: (image: string) => boolean = () => false;
  /** Whether upgrades pause until they are cancelled. A test sets it to inspect a running upgrade. */
  held = false;
  /** Whether machines of an image version never report any health, so that an upgrade to it waits for its first batch. */
  stuck: (image: string) => boolean = () => false;
  /**
   * Whether the operation of an update ends before its rolling upgrade. Azure is reported to do both: wait for the
   * upgrade and fail with it (Azure/azure-powershell#11896), or not wait (hashicorp/terraform-provider-azurerm#7002).
   */
  upgradesInBackground = false;
  /** Whether instance views lack `vmHealth`. Reported: Azure/azure-rest-api-specs#32387. */
  silent = false;
  /** Whether upgrades complete without a machine. Assumed: what Azure may do with a specialized image, which it documents nowhere. */
  upgradesNothing = false;
  readonly #arm: () => Arm;
  #count = 0;
  #upgrades = 0;

  constructor(arm: () => Arm) {
    this.#arm = arm;
    this.kind = {
      type: "Microsoft.Compute/virtualMachineScaleSets",
      token: "azure-native:compute:VirtualMachineScaleSet",
      names: ["vmScaleSetName"],
      naming: MACHINE_NAMING,
      immutable: [
        "orchestrationMode",
        "platformFaultDomainCount",
        "virtualMachineProfile.priority",
        "virtualMachineProfile.osProfile.adminUsername",
        "virtualMachineProfile.osProfile.computerNamePrefix",
      ].map((name) => `properties.${name}`),
      check: (set, old) => this.#check(set, old),
      apply: (set, old) => this.#apply(set, old),
      // shown only on request
      show: (set, query) =>
        query.get("$expand") === "userData" ? {} : { virtualMachineProfile: { ...profileOf(set), userData: undefined } },
      below: (set, method, rest, body, query) => this.#below(set, method, rest, body, query),
      mayRemove: (set) => {
        if (this.of(set).upgrade?.code === "RollingForward")
          throw new AzureRefusal(409, "OperationNotAllowed", `A rolling upgrade of '${set.id}' is in progress: cancel it first.`);
      },
      removed: (set) => this.#content.delete(keyOf(set.id)),
    };
  }

  /** The machines and the latest upgrade of a set. */
  of({ id }: ArmResource): ScaleSetContent {
    const content = this.#content.get(keyOf(id));
    if (!content) throw new Error(`scale set ${id} not found`);
    return content;
  }

  isHealthy(instance: Instance): boolean {
    return instance.judged && !this.isUnhealthy(instance.image);
  }

  #check(set: ArmResource, old: ArmResource | undefined): void {
    const arm = this.#arm();
    const place = placeOf(String(set.body.location));
    const image = launchImage(arm, textAt(profileOf(set), "storageProfile.imageReference.id"), place);
    checkScaleSet(arm, set, image);
    if (old && this.of(old).upgrade?.code === "RollingForward")
      throw new AzureRefusal(409, "OperationNotAllowed", `A rolling upgrade of '${set.id}' is in progress: wait for it, or cancel it.`);
  }

  #apply(set: ArmResource, old: ArmResource | undefined): Work {
    const content = this.#content.get(keyOf(set.id)) ?? { instances: [], upgrade: undefined };
    this.#content.set(keyOf(set.id), content);
    const profile = profileOf(set);
    const count = Number(valueAt(set.body, "sku.capacity"));
    const start = () => this.#start(set, profile);
    content.instances = [...content.instances, ...Array.from({ length: Math.max(0, count - content.instances.length) }, start)].slice(
      0,
      count,
    );
    const now = canonicalJson(profile);
    // enough time passed to probe them
    if (old) for (const instance of content.instances) instance.judged = true;
    if (!old || content.instances.every((instance) => canonicalJson(instance.profile) === now)) return {};
    const mode = textAt(set.body, "properties.upgradePolicy.mode");
    if (mode === "Automatic") content.instances = content.instances.map(({ id }) => this.#start(set, profile, id));
    if (mode !== "Rolling") return {};
    const upgrade = this.#upgrade(set, content, profile);
    return this.upgradesInBackground ? {} : { step: () => this.#step(content, upgrade) };
  }

  #upgrade(set: ArmResource, content: ScaleSetContent, profile: Properties): RollingUpgrade {
    const policy = valueAt(set.body, "properties.upgradePolicy.rollingUpgradePolicy");
    const seen = {
      get instances() {
        return content.instances;
      },
      set instances(instances) {
        content.instances = instances;
      },
      start: (profile: Properties, id?: string) => this.#start(set, profile, id),
      isHealthy: (instance: Instance) => this.isHealthy(instance),
    };
    content.upgrade = new RollingUpgrade(
      seen,
      profile,
      isProperties(policy) ? policy : {},
      new Date(Date.UTC(2026, 0, 1) + 1000 * this.#upgrades++).toISOString(),
    );
    return content.upgrade;
  }

  #step({ instances }: ScaleSetContent, upgrade: RollingUpgrade): boolean {
    const wanted = keyOf(textAt(upgrade.profile, "storageProfile.imageReference.id") ?? "");
    if (this.upgradesNothing) upgrade.code = "Completed";
    const waits = this.held || (this.stuck(wanted) && instances.some(({ image }) => image === wanted));
    return !(waits && upgrade.code === "RollingForward") && upgrade.step();
  }

  #start(set: ArmResource, profile: Properties, id = String(this.#count++)): Instance {
    const image = launchImage(this.#arm(), textAt(profile, "storageProfile.imageReference.id"), placeOf(String(set.body.location)));
    return { id, profile, image: keyOf(image.id), judged: false };
  }

  #below(
    set: ArmResource,
    method: string,
    [first, second, third, ...more]: readonly string[],
    body: Properties,
    query: URLSearchParams,
  ): Properties | Work | undefined {
    if (more.length > 0) return undefined;
    const content = this.of(set);
    if (method === "GET") this.#advance(set);
    const [path, instance] = [[first, second, third].filter(Boolean).join("/"), content.instances.find(({ id }) => id === second)];
    switch (
      `${method} ${first === "virtualMachines" && second !== undefined ? ["virtualMachines/N", third].filter(Boolean).join("/") : path}`
    ) {
      case "GET instanceView":
        return {
          virtualMachine: { statusesSummary: [{ code: "ProvisioningState/succeeded", count: content.instances.length }] },
          statuses: [{ code: "ProvisioningState/succeeded" }],
        };
      case "GET virtualMachines": {
        const from = Number(query.get("$skiptoken") ?? 0);
        const more = from + PAGE < content.instances.length;
        return {
          value: content.instances
            .slice(from, from + PAGE)
            .map((instance) => this.#view(set, instance, query.get("$expand") === "instanceView")),
          ...(more && { nextLink: String(from + PAGE) }),
        };
      }
      case "GET virtualMachines/N":
        return instance && this.#view(set, instance, query.get("$expand") === "instanceView");
      case "GET virtualMachines/N/instanceView":
        return instance && this.#instanceView(instance);
      case "GET rollingUpgrades/latest":
        if (!content.upgrade) throw new AzureRefusal(404, "NotFound", `There is no rolling upgrade of '${set.id}'.`);
        return { type: `${set.type}/rollingUpgrades`, location: set.body.location, properties: content.upgrade.view };
      case "POST rollingUpgrades/cancel": {
        const { upgrade } = content;
        if (upgrade?.code !== "RollingForward")
          throw new AzureRefusal(409, "OperationNotAllowed", "There is no ongoing Rolling Upgrade to cancel.");
        return {
          step: () => {
            upgrade.cancel();
            return true;
          },
        };
      }
      case "POST osRollingUpgrade": {
        if (content.upgrade?.code === "RollingForward")
          throw new AzureRefusal(409, "OperationNotAllowed", `A rolling upgrade of '${set.id}' is in progress: wait for it, or cancel it.`);
        const upgrade = this.#upgrade(set, content, profileOf(set));
        return { step: () => this.#step(content, upgrade) };
      }
      case "POST manualupgrade": {
        const ids = Array.isArray(body.instanceIds) ? (body.instanceIds as string[]) : [];
        if (ids.length === 0) throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'instanceIds' is missing (null).");
        return {
          step: () => {
            content.instances = content.instances.map((each) =>
              ids.includes("*") || ids.includes(each.id) ? this.#start(set, profileOf(set), each.id) : each,
            );
            return true;
          },
        };
      }
      default:
        return undefined;
    }
  }

  /** Time passes at each request. */
  #advance(set: ArmResource): void {
    const content = this.of(set);
    const { upgrade } = content;
    if (upgrade?.code !== "RollingForward") {
      for (const instance of content.instances) instance.judged = true;
      return;
    }
    if (!this.upgradesInBackground) return;
    try {
      this.#step(content, upgrade);
    } catch (error) {
      // the upgrade itself shows the error
      if (!(error instanceof AzureRefusal)) throw error;
    }
  }

  #view(set: ArmResource, instance: Instance, expanded: boolean): Properties {
    const { id, profile } = instance;
    const reference = valueAt(profile, "storageProfile.imageReference") as Properties;
    return {
      id: `${set.id}/virtualMachines/${id}`,
      name: `${set.name}_${id}`,
      type: `${set.type}/virtualMachines`,
      instanceId: id,
      location: set.body.location,
      properties: {
        latestModelApplied: canonicalJson(profile) === canonicalJson(profileOf(set)),
        provisioningState: "Succeeded",
        storageProfile: { imageReference: { ...reference, exactVersion: instance.image.split("/").at(-1) } },
        ...(expanded && { instanceView: this.#instanceView(instance) }),
      },
    };
  }

  #instanceView(instance: Instance): Properties {
    const health = this.isHealthy(instance) ? "healthy" : "unhealthy";
    const statuses = [{ code: "ProvisioningState/succeeded" }, { code: "PowerState/running" }];
    if (this.silent) return { statuses };
    return {
      vmHealth: { status: { code: `HealthState/${health}`, level: "Info", displayStatus: `The VM is reporting itself as ${health}` } },
      statuses,
    };
  }
}
