/**
 * Plays Cloud Storage's buckets, objects and resumable uploads.
 *
 * Source: Cloud Storage JSON API: buckets.insert, objects.get, objects.delete, objects.rewrite.
 * Source: Cloud Storage, "Perform resumable uploads": chunks of multiples of 256 KiB, 308 with Range, 499 after a cancel.
 * Judged by: test/gcp/fake-gcs.judge.test.ts runs the same upload against fake-gcs-server.
 * Assumed: 503 for a chunk at a wrong offset; the words of refusals.
 * Tested both ways in `gcp/upload-object`: whole units of a cut request are kept, or nothing of it.
 */
import { randomUUID } from "node:crypto";
import { Crc32c } from "../../../providers/gcp/plugin/storage/crc32c.ts";

const UNIT = 256 << 10;

/** An error answer of Cloud Storage. */
export class StorageRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An object and its bytes. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** A resumable upload. */
interface Session {
  readonly bucket: string;
  readonly name: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number;
  readonly chunks: Buffer[];
  have: number;
  state: "open" | "cancelled" | StoredObject;
}

/** An answer, before it is encoded. */
export interface StorageAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Buckets, objects and upload sessions. Every chunk but the last is a multiple of 256 KiB, starts where the last one ended
 * and has the length in its header. A cancelled session cannot resume.
 */
export class StorageObjects {
  /** Number of each project by its ID. */
  readonly projects = new Map<string, string>();
  /** Project number of each bucket by its name. */
  readonly buckets = new Map<string, string>();
  /** Objects by `bucket/name`. */
  readonly objects = new Map<string, StoredObject>();
  readonly sessions = new Map<string, Session>();
  #generation = 1_700_000_000_000_000;

  /** Sessions that can still resume. */
  get open(): Session[] {
    return [...this.sessions.values()].filter(({ state }) => state === "open");
  }

  bucket(name: string): StorageAnswer {
    const projectNumber = this.buckets.get(name);
    if (projectNumber === undefined) throw new StorageRefusal(404, "The specified bucket does not exist.");
    return { status: 200, json: { kind: "storage#bucket", name, projectNumber } };
  }

  /** Creates a bucket. Names are unique worldwide. */
  make(body: Buffer, project: string | null): StorageAnswer {
    const { name } = JSON.parse(body.toString()) as { name: string };
    const number = this.projects.get(project ?? "");
    if (number === undefined) throw new StorageRefusal(400, `Unknown project id: ${project}`);
    if (this.buckets.has(name))
      throw new StorageRefusal(409, "Your previous request to create the named bucket succeeded and you already own it.");
    this.buckets.set(name, number);
    return this.bucket(name);
  }

  removeBucket(name: string): StorageAnswer {
    this.bucket(name);
    if (this.list(name).length > 0) throw new StorageRefusal(409, "The bucket you tried to delete is not empty.");
    this.buckets.delete(name);
    return { status: 204 };
  }

  list(bucket: string): StoredObject[] {
    this.bucket(bucket);
    return [...this.objects.values()].filter((object) => object.bucket === bucket);
  }

  object(bucket: string, name: string): StoredObject {
    this.bucket(bucket);
    const found = this.objects.get(`${bucket}/${name}`);
    if (!found) throw new StorageRefusal(404, `No such object: ${bucket}/${name}`);
    return found;
  }

  remove(bucket: string, name: string, ifGeneration: string | null): StorageAnswer {
    const { generation } = this.object(bucket, name);
    if (ifGeneration !== null && ifGeneration !== generation)
      throw new StorageRefusal(412, "At least one of the pre-conditions you specified did not hold.");
    this.objects.delete(`${bucket}/${name}`);
    return { status: 204 };
  }

  rewrite(bucket: string, name: string, to: { bucket: string; name: string }, ifGeneration: string | null): StorageAnswer {
    const source = this.object(bucket, name);
    if (ifGeneration !== null && ifGeneration !== source.generation)
      throw new StorageRefusal(412, "At least one of the pre-conditions you specified did not hold.");
    this.bucket(to.bucket);
    const copy = this.#keep({ ...source, ...to });
    return { status: 200, json: { kind: "storage#rewriteResponse", done: true, resource: describe(copy) } };
  }

  start(bucket: string, name: string, headers: Readonly<Record<string, unknown>>, body: Buffer): string {
    this.bucket(bucket);
    const {
      contentType = "",
      metadata = {},
      name: again = name,
    } = JSON.parse(body.toString()) as { contentType?: string; metadata?: Record<string, string>; name?: string };
    const size = Number(headers["x-upload-content-length"]);
    if (again !== name || name === "") throw new StorageRefusal(400, `The name in the body, ${again}, is not that of the query, ${name}.`);
    if (!Number.isSafeInteger(size) || headers["x-upload-content-type"] !== contentType)
      throw new StorageRefusal(400, "x-upload-content-length or x-upload-content-type is wrong.");
    const id = randomUUID();
    this.sessions.set(id, { bucket, name, contentType, metadata, size, chunks: [], have: 0, state: "open" });
    return id;
  }

  /** A PUT to a session: a chunk, or a status query. */
  put(id: string, range: string | undefined, body: Buffer): StorageAnswer {
    const session = this.sessions.get(id);
    if (!session) throw new StorageRefusal(404, "no such upload");
    if (session.state === "cancelled") throw new StorageRefusal(499, "Client Closed Request");
    if (session.state !== "open") return { status: 200, json: describe(session.state) };
    const [, first, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(range ?? "") ?? [];
    if (Number(total) !== session.size) throw new StorageRefusal(400, `Content-Range: got ${range}, of an upload of ${session.size} bytes`);
    if (first === undefined || last === undefined) {
      if (body.length > 0) throw new StorageRefusal(400, "a status query with a body");
      return stateOf(session);
    }
    if (Number(last) - Number(first) + 1 !== body.length) throw new StorageRefusal(400, `Content-Range ${range} with ${body.length} bytes`);
    if (Number(first) !== session.have)
      throw new StorageRefusal(
        503,
        `Invalid request. According to the Content-Range header, the upload offset is ${first} byte(s), which exceeds already uploaded size of ${session.have} byte(s).`,
      );
    const whole = Number(last) + 1 === session.size;
    if (!whole && body.length % UNIT !== 0)
      throw new StorageRefusal(
        400,
        "Invalid request. The number of bytes uploaded is required to be equal or greater than 262144, except for the final request, and a multiple of it.",
      );
    this.take(id, body);
    if (!whole) return stateOf(session);
    const bytes = Buffer.concat(session.chunks);
    session.chunks.length = 0;
    session.state = this.#keep({
      bucket: session.bucket,
      name: session.name,
      contentType: session.contentType,
      metadata: session.metadata,
      bytes,
    });
    return { status: 200, json: describe(session.state) };
  }

  /** Whether whole units of a cut request are kept. */
  keepsUnits = true;

  /** Appends a chunk; of an incomplete request, only whole units of 256 KiB, or nothing. */
  take(id: string, body: Buffer, whole = true): void {
    const session = this.sessions.get(id);
    if (session?.state !== "open") return;
    const kept = whole ? body : body.subarray(0, this.keepsUnits ? body.length - (body.length % UNIT) : 0);
    if (session.have + kept.length > session.size) return;
    session.chunks.push(Buffer.from(kept));
    session.have += kept.length;
  }

  cancel(id: string): StorageAnswer {
    const session = this.sessions.get(id);
    if (!session) throw new StorageRefusal(404, "no such upload");
    if (session.state === "open") session.state = "cancelled";
    session.chunks.length = 0;
    return { status: 499 };
  }

  #keep(object: Omit<StoredObject, "generation">): StoredObject {
    const kept = { ...object, generation: `${++this.#generation}` };
    this.objects.set(`${kept.bucket}/${kept.name}`, kept);
    return kept;
  }
}

/** The object as a resource of the JSON API. */
export function describe({ bucket, name, generation, contentType, metadata, bytes }: StoredObject): Record<string, unknown> {
  return {
    kind: "storage#object",
    id: `${bucket}/${name}/${generation}`,
    bucket,
    name,
    generation,
    contentType,
    metadata,
    size: `${bytes.length}`,
    crc32c: new Crc32c().update(bytes).base64(),
  };
}

function stateOf({ have }: Session): StorageAnswer {
  return { status: 308, ...(have > 0 && { headers: { range: `bytes=0-${have - 1}` } }) };
}
