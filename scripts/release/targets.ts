import { existsSync } from "node:fs";

/** What a binary for one platform is made of, and what has to be there to run it. */
interface TargetParts {
  /** Bun's name for the platform. */
  readonly bun: Bun.Build.CompileTarget;
  /** The package with Bun's own program for it, and the program in there. */
  readonly runtime: string;
  readonly program: "bin/bun" | "bin/bun.exe";
  /** libSQL's package with the addon that goes inside. */
  readonly addon: string;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** Linux has two C libraries: this file is there where the right one is. */
  readonly loader?: string;
}

/** Every platform that a binary is built for. Windows on arm64 is not among them: libSQL has no addon for it. */
export const TARGETS = {
  "linux-x64": linux("x64", "x64", "gnu", "/lib64/ld-linux-x86-64.so.2"),
  "linux-x64-musl": linux("x64", "x64", "musl", "/lib/ld-musl-x86_64.so.1"),
  "linux-arm64": linux("arm64", "aarch64", "gnu", "/lib/ld-linux-aarch64.so.1"),
  "linux-arm64-musl": linux("arm64", "aarch64", "musl", "/lib/ld-musl-aarch64.so.1"),
  "darwin-x64": darwin("x64", "x64"),
  "darwin-arm64": darwin("arm64", "aarch64"),
  "windows-x64": {
    bun: "bun-windows-x64",
    runtime: "@oven/bun-windows-x64",
    program: "bin/bun.exe",
    addon: "@libsql/win32-x64-msvc",
    platform: "win32",
    arch: "x64",
  },
} as const satisfies Record<string, TargetParts>;
export type Target = keyof typeof TARGETS;

/** The targets that a list such as `linux-x64,darwin-arm64` names, or `all`; the first name that nobody knows otherwise. */
export function parseTargets(names: string): readonly Target[] | { readonly unknown: string } {
  const known = Object.keys(TARGETS) as Target[];
  if (names === "all") return known;
  const wanted: Target[] = [];
  for (const name of names.split(",")) {
    const target = known.find((one) => one === name);
    if (target === undefined) return { unknown: name };
    wanted.push(target);
  }
  return wanted;
}

/** Whether a binary for this target runs on this machine. */
export function runsHere(target: Target): boolean {
  const { platform, arch, loader }: TargetParts = TARGETS[target];
  return platform === process.platform && arch === process.arch && (loader === undefined || existsSync(loader));
}

/** The target that is this machine; where both C libraries are, the commoner one. */
export function hostTarget(): string {
  const targets = Object.keys(TARGETS) as Target[];
  return targets.find(runsHere) ?? `${process.platform}-${process.arch}`;
}

/** The name of a target's file among those of a release. */
export function releaseName(target: Target): string {
  return `ouroboros-${target}${TARGETS[target].platform === "win32" ? ".exe" : ""}`;
}

function linux(
  arch: "x64" | "arm64",
  bunArch: "x64" | "aarch64",
  library: "gnu" | "musl",
  loader: string,
): TargetParts {
  const suffix = library === "musl" ? "-musl" : "";
  return {
    bun: `bun-linux-${arch}${suffix}` as Bun.Build.CompileTarget,
    runtime: `@oven/bun-linux-${bunArch}${suffix}`,
    program: "bin/bun",
    addon: `@libsql/linux-${arch}-${library}`,
    platform: "linux",
    arch,
    loader,
  };
}

function darwin(arch: "x64" | "arm64", bunArch: "x64" | "aarch64"): TargetParts {
  return {
    bun: `bun-darwin-${arch}`,
    runtime: `@oven/bun-darwin-${bunArch}`,
    program: "bin/bun",
    addon: `@libsql/darwin-${arch}`,
    platform: "darwin",
    arch,
  };
}
