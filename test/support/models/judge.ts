import { AwsModels } from "./aws-model.ts";
import { AzureModels } from "./azure-model.ts";
import { GoogleModels } from "./google-model.ts";
import type { CloudRequest } from "./recorded.ts";
import type { Verdict } from "./verdict.ts";

const { ensurePipProgram } = (await import(new URL("../../../scripts/pip-program.mjs", import.meta.url).href)) as {
  ensurePipProgram(name: string): Promise<string>;
};

/** The clouds' own models, which judge requests; undefined for a request of which none has a model. */
export type Judge = (request: CloudRequest) => Verdict | undefined;

/** Installs the models where they are missing. */
export async function cloudModels(): Promise<Judge> {
  const folders = [];
  for (const name of ["botocore", "google-api-python-client", "azure-mgmt-compute", "azure-mgmt-compute-galleries", "azure-mgmt-network"])
    folders.push(await ensurePipProgram(name));
  const [aws = "", google = "", ...azure] = folders;
  const models = { aws: new AwsModels(aws), gcp: new GoogleModels(google), azure: new AzureModels(azure) };
  return (request) => {
    switch (request.cloud) {
      case "aws":
        return models.aws.judge(request);
      case "gcp":
        return models.gcp.judge(request);
      case "azure":
        return models.azure.judge(request);
    }
  };
}
