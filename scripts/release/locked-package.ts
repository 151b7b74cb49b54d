import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import packageLock from "../../package-lock.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");
/** Packages of other platforms, which an install leaves out. */
const FETCHED = join(ROOT, ".work/packages");

interface Locked {
  readonly version: string;
  readonly integrity?: string;
}

/** The folder of a locked package: installed, fetched earlier, or fetched now and checked against the lock file's hash. */
export async function lockedPackage(name: string): Promise<string> {
  const folder = await presentPackage(name);
  if (folder !== undefined) return folder;
  const { version, integrity } = lockOf(name);
  const place = placeOf(name);
  await mkdir(dirname(place), { recursive: true });
  const work = await mkdtemp(`${place}.`);
  try {
    await promisify(execFile)("npm", ["pack", "--silent", "--pack-destination", work, `${name}@${version}`], {
      cwd: ROOT,
      shell: process.platform === "win32", // npm is a script there
    });
    const [tarball = ""] = await readdir(work);
    const bytes = await readFile(join(work, tarball));
    checkIntegrity(bytes, integrity, `${name}@${version}`);
    await new Bun.Archive(bytes).extract(work);
    // Whoever was faster has put the same there.
    await rename(join(work, "package"), place).catch((error: unknown) => {
      if (!existsSync(place)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return place;
}

/** The same without fetching anything; undefined where it is not on this machine. */
export async function presentPackage(name: string): Promise<string | undefined> {
  const installed = join(ROOT, "node_modules", name);
  for (const folder of [installed, placeOf(name)]) {
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined && JSON.parse(text).version === lockOf(name).version) return folder;
  }
  return undefined;
}

/** Throws unless these are the bytes that a lock file's `integrity` (sha512, Base64) was made of. */
export function checkIntegrity(bytes: Uint8Array, integrity: string | undefined, what: string): void {
  const actual = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (actual !== integrity)
    throw new Error(`Cannot use ${what}: its hash is ${actual}, the lock file says ${integrity}`);
}

function lockOf(name: string): Locked {
  const packages: Readonly<Record<string, Partial<Locked>>> = packageLock.packages;
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (version === undefined) throw new Error(`Cannot use ${name}: it is not in package-lock.json`);
  return { version, ...(integrity === undefined ? {} : { integrity }) };
}

function placeOf(name: string): string {
  return join(FETCHED, `${name}@${lockOf(name).version}`);
}
