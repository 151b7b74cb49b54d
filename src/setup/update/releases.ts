import { open } from "node:fs/promises";
import { messageOf, OuroborosError } from "../../base/errors.ts";
import { type Refusal, refuse } from "../../base/refusal.ts";
import { isVersion } from "./compare-versions.ts";
import { REPOSITORY } from "./repository.ts";

/** Releases somewhere, laid out as GitHub does it; nothing is asked of them before one of these is called. */
export interface Releases {
  readonly address: string;
  newest(signal: AbortSignal): Promise<string | Refusal>;
  /** The SHA-256 that a release's own list has for one of its files. */
  sumOf(version: string, file: string, signal: AbortSignal): Promise<string | Refusal>;
  /** Writes one file of a release where no file is yet, and looks at none of it. */
  download(version: string, file: string, to: string, options: Download): Promise<void>;
}

interface Download {
  readonly signal: AbortSignal;
  readonly tell: (received: number, whole: number) => void;
}

const PATIENCE_MS = 30_000;
const MOST_TEXT = 1_000_000;
const MOST_BYTES = 2 ** 30;
const MOST_REDIRECTS = 10;
/** The sums come the same way as what they vouch for, so that way has to be one that nobody can listen in on: each step of it. */
const UNHEARD = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$))/;

/** The releases that this user's environment names, else the project's own. Nobody but the command that a person calls for it opens them. */
export function openReleases(env: Readonly<Record<string, string | undefined>>): Releases | Refusal {
  const address = (env.OUROBOROS_RELEASES || `${REPOSITORY}/releases`).replace(/\/+$/, "");
  if (!UNHEARD.test(address)) {
    const message = `Cannot use the releases at ${address}: only https is`;
    return refuse("bad_releases", message, "Correct OUROBOROS_RELEASES, or leave it out");
  }
  return {
    address,
    async newest(signal) {
      const text = await textOf(`${address}/latest/download/VERSION`, signal);
      const version = text?.trim();
      if (version === undefined) return missing(`There is no release at ${address} yet`);
      if (isVersion(version)) return version;
      throw unreachable(`${address}/latest/download/VERSION`, "what is there is no version");
    },
    async sumOf(version, file, signal) {
      const text = await textOf(`${address}/download/v${version}/SHA256SUMS`, signal);
      if (text === undefined) return missing(`There is no release ${version} at ${address}`);
      const line = text.split("\n").find((one) => /^[0-9a-f]{64} [ *]/.test(one) && one.slice(66).trim() === file);
      return line?.slice(0, 64) ?? missing(`Release ${version} has no ${file}, which is what this machine needs`);
    },
    async download(version, file, to, { signal, tell }) {
      const url = `${address}/download/v${version}/${file}`;
      const patience = impatient(signal);
      const target = await open(to, "wx", 0o600);
      try {
        const response = await answerOf(url, patience.signal);
        if (!response?.body) throw unreachable(url, "it is not there");
        const whole = Number(response.headers.get("content-length") ?? 0);
        let received = 0;
        for await (const chunk of response.body) {
          patience.again();
          received += chunk.length;
          if (received > MOST_BYTES) throw unreachable(url, "it does not end");
          await target.appendFile(chunk);
          tell(received, whole);
        }
        await target.sync();
      } catch (error) {
        throw told(url, error, signal);
      } finally {
        patience.stop();
        await target.close();
      }
    },
  };
}

/** A small text; undefined where there is none. */
async function textOf(url: string, signal: AbortSignal): Promise<string | undefined> {
  const patience = impatient(signal);
  try {
    const response = await answerOf(url, patience.signal);
    return response && (await response.text()).slice(0, MOST_TEXT);
  } catch (error) {
    throw told(url, error, signal);
  } finally {
    patience.stop();
  }
}

async function answerOf(url: string, signal: AbortSignal, redirects = 0): Promise<Response | undefined> {
  const response = await fetch(url, { signal, redirect: "manual" });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  const location = response.status < 400 ? response.headers.get("location") : null;
  if (location !== null && redirects < MOST_REDIRECTS) {
    const next = new URL(location, url).href;
    if (UNHEARD.test(next)) return answerOf(next, signal, redirects + 1);
    throw unreachable(url, `it sends on to ${next}, and only https is good enough`);
  }
  throw unreachable(url, `the answer was ${response.status}`);
}

/** Aborts with the given signal, or when nothing has come for a while. */
function impatient(signal: AbortSignal) {
  const silence = new AbortController();
  const expire = () => silence.abort(new Error(`nothing has come for ${PATIENCE_MS / 1000} s`));
  let timer = setTimeout(expire, PATIENCE_MS);
  return {
    signal: AbortSignal.any([signal, silence.signal]),
    again() {
      clearTimeout(timer);
      timer = setTimeout(expire, PATIENCE_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

function told(url: string, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof OuroborosError || signal.aborted) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return unreachable(url, messageOf(error));
  const next = "Nothing was changed. Free some space where the program is, then try again.";
  return new OuroborosError("disk_full", `Cannot keep ${url}: the disk is full`, next, error);
}

function unreachable(url: string, why: string): OuroborosError {
  return new OuroborosError(
    "releases_unreachable",
    `Cannot get ${url}: ${why}`,
    "Nothing was changed. Look at the connection, and at HTTPS_PROXY where there is a proxy, then try again.",
  );
}

function missing(message: string): Refusal {
  return refuse("no_such_release", message, `The releases there are: ${REPOSITORY}/releases`);
}
