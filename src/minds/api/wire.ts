import { Secret } from "../secret.ts";

/** The provider said no, or could not be heard: thrown out of `fetch`, so that it arrives as what it is. */
export class WireError extends Error {
  /** Its HTTP status; undefined when the connection failed. */
  readonly status: number | undefined;
  readonly retryAfterMs: number | null;

  constructor(message: string, status: number | undefined, retryAfterMs: number | null) {
    super(message);
    this.name = "WireError";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const MOST_BYTES = 16 * 2 ** 20;
const MOST_QUOTED = 300;

/**
 * A `fetch` for the provider's SDK that reads each answer to its end, takes the key out of it, and throws a WireError for
 * everything that is no success: nothing behind it can leak the key or mistake a cut connection for an answer.
 * Redirections are not followed: a key header of the provider's own would go along.
 */
export function wireOf(provider: string, key: Secret = new Secret("")): typeof fetch {
  const wire = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
    const { response, text } = await send(provider, input, init);
    const clean = key.redact(text);
    if (!response.ok) throw refused(provider, response, clean);
    return new Response(clean, { status: response.status, headers: headersOf(response) });
  };
  return wire as typeof fetch; // Bun's type asks for its `preconnect`, which no SDK calls
}

async function send(provider: string, ...[input, init]: Parameters<typeof fetch>) {
  try {
    const response = await fetch(input, { ...init, redirect: "manual" });
    return { response, text: await readAll(response) };
  } catch (error) {
    if (init?.signal?.aborted || error instanceof WireError) throw error;
    // Its own words may hold the address and the headers; that it failed is all there is to know.
    throw new WireError(`the connection to ${provider} failed`, undefined, null);
  }
}

async function readAll(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new WireError(`the answer is longer than ${MOST_BYTES} bytes`, 413, null);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The body is no longer encoded and no longer as long as it was. */
function headersOf(response: Response): Headers {
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding", "set-cookie"]) headers.delete(name);
  return headers;
}

function refused(provider: string, response: Response, text: string): WireError {
  const { status } = response;
  // What is said about a wrong key often quotes a part of it.
  const words = status === 401 || status === 403 ? "" : messageIn(text);
  const message = `${provider} answered ${status}${words === "" ? "" : `: ${words}`}`;
  return new WireError(message, status, retryAfter(response.headers));
}

/** All four wires put their words under `error.message`, or there is nothing worth quoting. */
function messageIn(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
    const message = typeof error === "object" && error !== null && "message" in error ? error.message : error;
    return typeof message === "string" ? message.replaceAll(/\s+/g, " ").slice(0, MOST_QUOTED) : "";
  } catch {
    return ""; // a proxy's page
  }
}

/** When to come back: in milliseconds, in seconds, or a date. */
function retryAfter(headers: Headers): number | null {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const said = headers.get("retry-after");
  if (said === null || said.trim() === "") return null;
  const seconds = Number(said);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(said) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}
