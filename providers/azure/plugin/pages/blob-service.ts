import { sendToAzure, type AzureAnswer } from "../access/client.ts";
import type { AzureLogin } from "../access/login.ts";
import type { PageService } from "./page-service.ts";
import { putPage, STORAGE_VERSION } from "./put-page.ts";

/** Metadata names are identifiers. */
const UPLOAD_MARK = "linuxkit_upload";

/** Where blobs are stored. */
export interface BlobPlace {
  /** URL of the container, with a signature if it has one: `https://ACCOUNT.blob.core.windows.net/images`. */
  readonly container: string;
}

/** Returns the authorization headers of a request to the storage account. */
export type StorageLogin = (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;

/** Authorization with the login's credentials. Source: Azure Storage REST API, "Authorize with Microsoft Entra ID". */
export function storageLogin(login: AzureLogin): StorageLogin {
  return async (signal) => ({ authorization: `Bearer ${await login.token("https://storage.azure.com/.default", signal)}` });
}

/** Source: Azure Storage REST API, "Put Blob" (page blobs), "Put Page", "Set Blob Metadata". */
export function blobService(login: StorageLogin, { container }: BlobPlace): PageService {
  const urlOf = (name: string, query: Readonly<Record<string, string>> = {}): string => {
    const url = new URL(container);
    if (name !== "") url.pathname += `/${name}`;
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url.href;
  };
  const send = async (
    method: "GET" | "HEAD" | "PUT" | "DELETE",
    name: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
    query: Readonly<Record<string, string>> = {},
  ): Promise<AzureAnswer> => {
    const all = { ...headers, ...(await login(signal)), "x-ms-version": STORAGE_VERSION };
    return sendToAzure(
      { what: `blob ${name || "list"}`, method, url: urlOf(name, query), headers: all, takes: method === "PUT" ? [] : [404] },
      signal,
    );
  };
  const describe = async (name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> => {
    await send("PUT", name, signal, metadata(tags), { comp: "metadata" });
  };
  return {
    // Azure makes images from page blobs only
    suffix: ".vhd",
    idOf: (name) => urlOf(name),
    async begin({ name, size, mark, tags }, signal) {
      const headers = {
        "x-ms-blob-type": "PageBlob",
        "x-ms-blob-content-length": `${size}`,
        "if-none-match": "*",
        ...metadata({ ...tags, [UPLOAD_MARK]: mark }),
      };
      await send("PUT", name, signal, headers);
    },
    open: async (name) => ({ put: async (pages, signal) => putPage(urlOf(name), `blob ${name}`, await login(signal), pages, signal) }),
    async find(name, signal) {
      const { status, headers } = await send("HEAD", name, signal);
      return status === 404 ? undefined : { name, mark: headers.get(`x-ms-meta-${UPLOAD_MARK}`) ?? undefined };
    },
    finish: describe,
    tag: describe,
    async remove(name, signal) {
      await send("DELETE", name, signal);
    },
  };
}

/** Tags as metadata: characters that an identifier cannot have become `_`. */
function metadata(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [`x-ms-meta-${name.replace(/\W/g, "_").replace(/^\d/, "_$&")}`, value]),
  );
}
