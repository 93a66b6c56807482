import { warn } from "@pulumi/pulumi/log/index.js";
import { all, type Input, type Output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { refuser } from "../../sdk/machine/check-arguments.ts";
import { bootTraits, hasXenDrivers, type TypeFacts, typeProblem } from "./boot-facts.ts";
import { aws } from "./pulumi-aws.ts";

/** The image that an instance type must be able to run. */
interface Runs {
  readonly arch: Input<Arch>;
  readonly tpm: boolean;
  /** Where it is known. */
  readonly definition: Definition | undefined;
}

/**
 * The instance type, once EC2 has described it: it exists, and can run the image. Pulumi asks in a preview too. Where the
 * credentials may not ask, a warning says so.
 *
 * Source: Amazon EC2 API Reference, "DescribeInstanceTypes".
 *
 * @param what names the machine or fleet in errors: `machine "web"`
 */
export function suitable(
  what: string,
  instanceType: Input<string>,
  { arch, tpm, definition }: Runs,
  parent: ComponentResource,
): Output<string> {
  return all([instanceType, arch]).apply(async ([type, arch]) => {
    const facts = await factsOf(what, type, parent);
    if (facts) refuser(what)("instanceType", typeProblem(type, facts, arch, bootTraits(arch, tpm), hasXenDrivers(definition)));
    return type;
  });
}

async function factsOf(what: string, type: string, parent: ComponentResource): Promise<TypeFacts | undefined> {
  try {
    return await aws.getInstanceType({ instanceType: type }, { parent });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // Source: hashicorp/terraform-provider-aws, data source aws_ec2_instance_type; EC2's code is InvalidInstanceType
    if (/InvalidInstanceType|do(?:es)? not exist|empty result/.test(said))
      refuser(what)(
        "instanceType",
        `got ${JSON.stringify(type)}, wanted an instance type that EC2 has in this region: ${said.split("\n")[0]}`,
      );
    await warn(
      `${what}: instanceType: ${type} could not be compared with the image (ec2:DescribeInstanceTypes): ${said.split("\n")[0]}`,
      parent,
    );
    return undefined;
  }
}
