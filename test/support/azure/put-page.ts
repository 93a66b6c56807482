/** Sends Put Page. @returns status and code: `201`, `416 InvalidPageRange` */
export async function putPage(
  url: string,
  range: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
  method = "PUT",
  comp = "&comp=page",
): Promise<string> {
  const response = await fetch(`${url}${comp}`, {
    method,
    headers: { "x-ms-version": "2023-11-03", "x-ms-page-write": "update", "x-ms-range": range, ...headers },
    body: new Uint8Array(body),
  });
  await response.arrayBuffer();
  return `${response.status} ${response.headers.get("x-ms-error-code") ?? ""}`.trim();
}
