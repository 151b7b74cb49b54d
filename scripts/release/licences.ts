import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { programOptions } from "./program-options.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The name of the file in which everybody whose work is in the program is named. */
export const THIRD_PARTY = "THIRD-PARTY-LICENSES.txt";

/** Puts our own licence into a folder, and those of all that is in the program. */
export async function putLicences(folder: string): Promise<void> {
  await copyFile(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  thirdParty ??= thirdPartyLicences();
  await writeFile(join(folder, THIRD_PARTY), await thirdParty);
}

/** The same for all packages of a release: it is asked of the bundler once. */
let thirdParty: Promise<string> | undefined;

/** A library that is bundled with the program. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json declares it, in SPDX's words. */
  readonly license: string;
  /** What its licence files say; empty where it has none. */
  readonly text: string;
}

/** Every package a part of which is in the program, by name: the bundler says which. */
export async function bundledPackages(): Promise<readonly BundledPackage[]> {
  const { metafile } = await Bun.build({ ...programOptions({ version: "0" }), target: "bun", metafile: true });
  const folders = Object.keys(metafile?.inputs ?? {}).flatMap((path) => PACKAGE.exec(path)?.[1] ?? []);
  return await Promise.all([...new Set(folders)].sort().map(readPackage));
}

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

async function readPackage(path: string): Promise<BundledPackage> {
  const folder = resolve(path);
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((one) => /^(?:licen[cs]e|copying|notice)\b/i.test(one)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return { name, version, license: String(license), text: texts.map((one) => one.trim()).join("\n\n") };
}

/** One text for all of them; who shares a licence word for word shares its paragraph. */
async function thirdPartyLicences(): Promise<string> {
  const byText = Map.groupBy(await bundledPackages(), ({ text, license }) => text || `Licence: ${license}`);
  const parts = [...byText].map(([text, packages]) => {
    const names = packages.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${names.join("\n")}\n\n${text}\n`;
  });
  return [HEAD, ...parts].join(`\n${"-".repeat(78)}\n\n`);
}

const HEAD = `What is in Ouroboros beside its own code

The binaries contain Bun (MIT), and with it JavaScriptCore and WebKit (LGPL-2.1) and other libraries:
https://bun.com/docs/project/license names them and says how to build it with others.
They also contain libSQL (MIT), built by the libsql package below, and with it SQLite (public domain).
`;
