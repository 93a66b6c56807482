import { sendToAzure } from "./client.ts";

/** Exchanges an Azure token for a token of the registry; undefined if the answer has none. */
export async function exchangeToken(
  url: string,
  service: string,
  accessToken: string,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<string | undefined> {
  const form = new URLSearchParams({ grant_type: "access_token", service, access_token: accessToken });
  const { body } = await sendToAzure(
    {
      what: `login to ${service}`,
      method: "POST",
      url: `${url}/oauth2/exchange`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(form.toString()),
      secretBody: true,
    },
    signal,
  );
  return (JSON.parse(body.toString()) as { refresh_token?: string }).refresh_token;
}
