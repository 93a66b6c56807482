import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { awsDoctor } from "../../sdk/doctor/aws/index.ts";
import { actionsOf, OF_DOCTOR } from "../../sdk/doctor/aws/permissions.ts";
import { DRY_RUNS } from "../../sdk/doctor/aws/rights.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { examine } from "../../sdk/doctor/examine.ts";
import { moto, motoFolder } from "../support/aws/moto.ts";

/** Says, by botocore's service models, which operations do not exist and which requests are not valid. */
const MODELS = `
import json, sys, botocore.session
from botocore.validate import ParamValidator
session = botocore.session.get_session()
actions, dry_runs = json.load(sys.stdin)
services = {"servicequotas": "service-quotas"}
wrong = []
for action in actions:
    prefix, operation = action.split(":")
    model = session.get_service_model(services.get(prefix, prefix))
    if operation not in model.operation_names: wrong.append(action)
for operation, given in dry_runs.items():
    shape = session.get_service_model("ec2").operation_model(operation).input_shape
    report = ParamValidator().validate({**given, "DryRun": True}, shape)
    if report.has_errors(): wrong.append(operation + ": " + report.generate_report())
print(json.dumps(wrong))
`;

test("every action of the policy is an operation of AWS's models, and every dry run is a valid request", async () => {
  const run = promisify(execFile)("python3", ["-c", MODELS], { env: { ...process.env, PYTHONPATH: await motoFolder() } });
  run.child.stdin?.end(JSON.stringify([[...actionsOf(["image", "copies", "machine", "volumes", "fleet"]), ...OF_DOCTOR], DRY_RUNS]));
  assert.deepEqual(JSON.parse((await run).stdout), []);
});

test("moto's network, types and dry runs are understood", async () => {
  await using server = await moto();
  const environment = {
    ...{ AWS_ENDPOINT_URL: server.url, AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ AWS_EC2_METADATA_DISABLED: "true", AWS_SHARED_CREDENTIALS_FILE: "/dev/null", AWS_CONFIG_FILE: "/dev/null" },
  };
  Object.assign(process.env, environment);
  const client = new EC2Client();
  const { Subnets = [] } = await client.send(new DescribeSubnetsCommand({}));
  client.destroy();
  const [subnet = ""] = Subnets.map(({ SubnetId = "" }) => SubnetId);
  const machines = { instanceType: "t3.micro", count: 2, arch: "amd64", groups: [], port: undefined } as const;
  const look = async (subnets: readonly string[], arch: "amd64" | "arm64" = "amd64") => {
    const asked: Asked = { place: {}, config: {}, env: {}, resources: undefined, machines: { ...machines, arch, subnets } };
    const wanted = ["rights", "encryption", "instance type", "subnet"];
    const checks = awsDoctor.checks(asked).filter(({ name }) => wanted.includes(name));
    return (await examine(checks, AbortSignal.timeout(60_000))).map(
      ({ level, check, subject, says }) => `${level} ${check} ${subject}: ${says}`,
    );
  };
  const good = await look([subnet]);
  assert.ok(
    good.some((line) => line.startsWith(`ok subnet ${subnet}: 40`)),
    good.join("\n"),
  );
  assert.ok(good.includes("ok instance type machines: t3.micro runs the image (amd64)"), good.join("\n"));
  assert.ok(
    good.some((line) => /^ok encryption default: the account does not encrypt/.test(line)),
    good.join("\n"),
  );
  assert.ok(
    good.some((line) => /^ok rights EC2: the credentials may do \d\d of/.test(line)),
    good.join("\n"),
  );
  const bad = await look(["subnet-00000000000000000"], "arm64");
  assert.ok(bad.some((line) => /^refused subnet subnet-0+: not found/.test(line)));
  assert.ok(bad.some((line) => /^refused instance type machines: got t3.micro, which is x86_64/.test(line)));
});
