import { open } from "node:fs/promises";

const HEAD_BYTES = 4096;
const SYSTEMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };

/** The name, among the files of a release, of a program that is built like this one. */
export async function ownFileName(
  program: string,
  { platform, arch }: { readonly platform: string; readonly arch: string } = process,
): Promise<string> {
  const target = `ouroboros-${SYSTEMS[platform] ?? platform}-${arch}`;
  if (platform === "win32") return `${target}.exe`;
  // Linux has two C libraries, and a machine may have both: the program itself names the one it was built for.
  return platform === "linux" && (await headOf(program)).includes("/ld-musl-") ? `${target}-musl` : target;
}

async function headOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
