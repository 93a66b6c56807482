import { type EC2Client, GetEbsDefaultKmsKeyIdCommand, GetEbsEncryptionByDefaultCommand } from "@aws-sdk/client-ec2";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import { type Asked, ofType } from "../cloud.ts";
import { type Finding, findingsOf } from "../finding.ts";

/**
 * Whether snapshots and volumes will be encrypted, and by which key.
 *
 * Source: Amazon EBS User Guide, "Enable Amazon EBS encryption by default" and "Encryption outcomes for EBS direct APIs".
 */
export async function checkEncryption(ec2: EC2Client, { resources }: Asked, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, warning } = findingsOf("encryption");
  const asked = async <T>(answer: Promise<T>, operation: string): Promise<T> =>
    answer.catch((error: unknown) => {
      throw fromAws(error, operation, signal);
    });
  const { EbsEncryptionByDefault: byDefault = false } = await asked(
    ec2.send(new GetEbsEncryptionByDefaultCommand({}), { abortSignal: signal }),
    "GetEbsEncryptionByDefault",
  );
  const snapshots = ofType(resources, "linuxkit:index:AwsSnapshot");
  const open = snapshots.filter(({ inputs }) => inputs["encrypted"] !== true);
  if (byDefault) {
    const command = new GetEbsDefaultKmsKeyIdCommand({});
    const { KmsKeyId = "" } = await asked(ec2.send(command, { abortSignal: signal }), "GetEbsDefaultKmsKeyId");
    if (KmsKeyId === "" || KmsKeyId.includes("alias/aws/ebs"))
      return [ok("default", "the account encrypts by default, with AWS's own key")];
    return [
      warning(
        "default",
        `the account encrypts by default with ${KmsKeyId}`,
        `allow kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt* on that key${open.length > 0 ? ", and to the role of Auto Scaling for a fleet" : ""}`,
      ),
    ];
  }
  if (resources === undefined || open.length === 0)
    return [ok("default", "the account does not encrypt by default; `encrypted: true` of an image does")];
  return open.map(({ name }) =>
    warning(
      name,
      "neither the account nor the program encrypts it",
      "set encrypted: true, or enable encryption by default for EBS in the region",
    ),
  );
}
