import { realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { selfCommand } from "../../process/self-command.ts";
import { compareVersions, isVersion } from "../../setup/update/compare-versions.ts";
import { type Installed, installedBy } from "../../setup/update/installed-by.ts";
import { openReleases, type Releases } from "../../setup/update/releases.ts";
import { replaceProgram } from "../../setup/update/replace-program.ts";
import { VERSION } from "../../version.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { startProgress } from "../progress.ts";
import { bytes, fields, lines } from "../render.ts";
import { canAskHere } from "./approve/ask-to-agree.ts";

export type UpdateFlags = SharedFlags & {
  readonly check: boolean;
  readonly yes: boolean;
  readonly version?: string | undefined;
};

interface Found {
  readonly installed: Installed;
  readonly releases: Releases;
  /** What is newest there, or what was asked for instead. */
  readonly version: string;
  readonly status: "current" | "newer" | "older" | "other";
}

/** `ouroboros update`: asks where the releases are, and only then; replaces this program's own file, or names the command that brings the other version. */
export async function update(cli: Cli, flags: UpdateFlags): Promise<Answer | Refusal | number> {
  const { signal } = cli.interruption;
  try {
    const found = await find(flags, signal);
    if (isRefusal(found)) return found;
    const { installed, status, version } = found;
    const isWanted = status === "newer" || status === "other";
    const command = installed.command(version);
    if (flags.check || !isWanted || command !== null) return told(cli, found, flags.check);
    const agreed = await agreedTo(cli, flags, found);
    if (agreed === undefined) return EXIT.interrupted;
    if (isRefusal(agreed)) return agreed;
    if (!agreed) return { json: { ...facts(found), replaced: false }, text: lines(["Left as it is."]) };
    const refused = await replace(found, signal);
    return refused ?? { json: { ...facts(found), replaced: true }, text: lines(doneLines(found)) };
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

async function find(flags: UpdateFlags, signal: AbortSignal): Promise<Found | Refusal> {
  const asked = flags.version?.replace(/^v/, "");
  if (asked !== undefined && !isVersion(asked)) {
    return refuse("wrong_usage", `"${asked}" is no version`, "Write it whole, such as 1.2.3");
  }
  const installed = ownInstallation();
  if (asked !== undefined && !installed.takesVersions) {
    const message = `Cannot choose a version of what was installed by ${installed.by}: it has the newest only`;
    return refuse("wrong_usage", message, "Leave --version out, or install that version with the install script");
  }
  const releases = openReleases(process.env);
  if (isRefusal(releases)) return releases;
  const version = asked ?? (await releases.newest(signal));
  if (isRefusal(version)) return version;
  const order = compareVersions(version, VERSION);
  // An older one only where somebody asks for it by its number.
  const status = order === 0 ? "current" : order > 0 ? "newer" : asked === undefined ? "older" : "other";
  return { installed, releases, version, status };
}

function ownInstallation(): Installed {
  const { program, args } = selfCommand([]);
  return installedBy({ program: realpathSync(program), script: args.find((one) => isAbsolute(one)) });
}

async function agreedTo(cli: Cli, flags: UpdateFlags, found: Found): Promise<boolean | Refusal | undefined> {
  if (flags.yes) return true;
  const { path } = found.installed;
  if (!canAskHere(flags)) {
    const message = `Nobody can be asked here whether to replace ${path} (${VERSION}) by ${found.version}`;
    return refuse("needs_terminal", message, "Pass --yes to replace it", facts(found));
  }
  const { openKeyboard } = await import("./interview/keyboard.ts");
  return await openKeyboard(cli).yes(`Replace ${path} (${VERSION}) by ${found.version}?`, true);
}

async function replace({ installed, releases, version }: Found, signal: AbortSignal): Promise<Refusal | undefined> {
  const progress = startProgress(process.stderr, `Downloading ${version} …`);
  const tell = (received: number, whole: number) =>
    progress.tell(`Downloading ${version}: ${bytes(received)}${whole > 0 ? ` of ${bytes(whole)}` : ""}`);
  try {
    return await replaceProgram(installed.path, releases, { version, signal, tell });
  } finally {
    progress.done();
  }
}

function told({ style }: Cli, found: Found, isCheck: boolean): Answer {
  const { installed, status, version } = found;
  const command = installed.command(version);
  const here = fields(style, [
    ["This is", VERSION],
    [status === "other" ? "Asked for" : "Newest", version],
    ["Installed by", `${installed.by}, in ${installed.path}`],
  ]);
  const next =
    status === "current"
      ? "There is nothing to do."
      : status === "older"
        ? "This one is newer than any release. To go back: ouroboros update --version VERSION"
        : command === null
          ? `To replace it: ouroboros update${status === "other" ? ` --version ${version}` : ""}`
          : `To get the other version${isRunFromCache(installed.by) ? ", once no agent uses this one" : ""}: ${command}`;
  return { json: { ...facts(found), ...(isCheck ? {} : { replaced: false }) }, text: here + lines([next]) };
}

/** Whoever runs it so uses the very files that are replaced. */
function isRunFromCache(by: Found["installed"]["by"]): boolean {
  return by === "npx" || by === "bunx";
}

function doneLines({ installed, version }: Found): string[] {
  return [
    `Replaced ${installed.path}: ${VERSION} is ${version} now.`,
    "Servers and workers that run go on as they are; whatever is started from now on is the new one, by them too.",
  ];
}

function facts({ installed, releases, status, version }: Found) {
  return {
    current: VERSION,
    version,
    status,
    releases: releases.address,
    installed_by: installed.by,
    path: installed.path,
    command: installed.command(version),
  };
}
