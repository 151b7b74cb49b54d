/** What has to be known of a machine to choose its package; what costs time to find out is a function. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Is the C library of the running program musl? */
  isMusl(): boolean;
  /** Is the processor one of Apple's? A program for Intel's sees another `arch` there, since Rosetta translates it. */
  isAppleProcessor(): boolean;
}

/** The npm package that carries the binary for a target of a release. */
export function platformPackage(target: string): string {
  return `ouroboros-mcp-${target}`;
}

/** The packages whose binary runs on a machine, the best first. */
export function packagesFor({ platform, arch, isMusl, isAppleProcessor }: Machine): readonly string[] {
  const targets = [`${platform === "win32" ? "windows" : platform}-${arch}`];
  if (platform === "linux" && isMusl()) targets[0] += "-musl";
  if (platform === "darwin" && arch === "x64" && isAppleProcessor()) targets.unshift("darwin-arm64");
  return targets.map(platformPackage);
}
