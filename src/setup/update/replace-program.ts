import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, OuroborosError } from "../../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { versionOf } from "../../process/version-of.ts";
import { ownFileName } from "./own-file.ts";
import type { Releases } from "./releases.ts";

interface Replacement {
  readonly version: string;
  readonly signal: AbortSignal;
  readonly tell: (received: number, whole: number) => void;
}

/**
 * Puts another version in the place of a program's file, once it has been found to be what the release says and has answered
 * by its version here. Until then the old one is untouched; whoever runs it goes on with it.
 */
export async function replaceProgram(
  program: string,
  releases: Releases,
  { version, signal, tell }: Replacement,
): Promise<Refusal | undefined> {
  const file = await ownFileName(program);
  const sum = await releases.sumOf(version, file, signal);
  if (isRefusal(sum)) return sum;
  const folder = dirname(program);
  const fresh = join(folder, `${besides(program)}${randomUUID()}${process.platform === "win32" ? ".exe" : ""}`);
  try {
    await releases.download(version, file, fresh, { signal, tell });
    await mustBe(fresh, sum, `${file} ${version}`);
    await chmod(fresh, (await stat(program)).mode & 0o777);
    const said = await versionOf(fresh);
    if (!("version" in said) || said.version !== version) {
      const why = "version" in said ? `it says that it is ${said.version}` : said.why;
      throw new OuroborosError(
        "does_not_run",
        `${file} ${version} does not run on this machine: ${why}`,
        "Nothing was changed. Please report it, with this machine's system and processor.",
      );
    }
    signal.throwIfAborted();
    await putInPlace(fresh, program, process.platform);
    return undefined;
  } catch (error) {
    if (isDenied(error)) return notWritable(folder, error);
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}

/** One file in the place of another, and what earlier updates left beside it goes. Windows removes no file that runs and yet renames it. */
export async function putInPlace(fresh: string, program: string, platform: NodeJS.Platform): Promise<void> {
  if (platform !== "win32") await rename(fresh, program);
  else {
    const old = join(dirname(program), `${besides(program)}${OLD}${randomUUID()}`);
    await rename(program, old);
    try {
      await rename(fresh, program);
    } catch (error) {
      await rename(old, program);
      throw error;
    }
  }
  await clearUp(program);
}

const OLD = "old-";

/** A download that was last written to before this is nobody's any more: whoever began it was killed. */
const ABANDONED_MS = 3_600_000;

async function clearUp(program: string): Promise<void> {
  const folder = dirname(program);
  const left = (await readdir(folder)).filter((name) => name.startsWith(besides(program)));
  const isOver = async (path: string) => Date.now() - (await stat(path)).mtimeMs > ABANDONED_MS;
  const clear = async (name: string) => {
    const path = join(folder, name);
    if (name.startsWith(`${besides(program)}${OLD}`) || (await isOver(path))) await rm(path, { force: true });
  };
  // What cannot go yet, since it runs, goes with another update.
  await Promise.all(left.map((name) => clear(name).catch(() => {})));
}

/** What the names of files beside the program begin with. */
function besides(program: string): string {
  return `.${basename(program)}.update-`;
}

async function mustBe(path: string, sum: string, what: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const actual = hash.digest("hex");
  if (actual === sum) return;
  throw new OuroborosError(
    "wrong_checksum",
    `${what} is not what its release says: its SHA-256 is ${actual} and should be ${sum}`,
    "Nothing was changed. Try again; if it stays so, do not install it by hand either, and report it.",
  );
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["EACCES", "EPERM", "EROFS"].includes(String(error.code));
}

function notWritable(folder: string, error: unknown): Refusal {
  return refuse(
    "not_writable",
    `Cannot write to ${folder}: ${messageOf(error)}`,
    "Whoever put the program there can update it; or install one of your own with the install script",
    { folder },
  );
}
