/** Upstream's limits for one criterion's artifacts. */
export const MAX_ARTIFACTS = 253;
const MAX_ARTIFACT_BYTES = 255;

/** Why a file cannot be an artifact everywhere the seed may run, and what to write instead; undefined when it can. */
export function artifactFault(path: string): string | undefined {
  if (path === "") return "write a path inside the project";
  if (new TextEncoder().encode(path).length > MAX_ARTIFACT_BYTES) return `shorten it to ${MAX_ARTIFACT_BYTES} bytes`;
  if (/^[/~]|^[A-Za-z]:/.test(path)) return "write it relative to the project's folder, such as src/main.ts";
  if (path.includes("\\")) return `write it with slashes: ${path.replaceAll("\\", "/")}`;
  const parts = path.split("/");
  if (parts.includes("..")) return 'write it without "..": only files inside the project can be expected';
  if (parts.some((part) => part === "" || part === ".")) {
    return `write ${parts.filter((part) => part !== "" && part !== ".").join("/")}`;
  }
  if (/[:*?"<>|]/.test(path)) return 'name one file, without any of : * ? " < > |, which not every system allows';
  if (parts.some((part) => /[ .]$/.test(part)))
    return "let no part end in a space or a dot, which not every system keeps";
  return parts.some(isReservedName) ? "choose a name that Windows does not keep for a device" : undefined;
}

/** The usual spellings of a path inside the project, as one: without `./` before and `/` after it. */
export function tidyArtifact(path: string): string {
  return path
    .trim()
    .replace(/^(?:\.\/+)+/, "")
    .replace(/(?<=[^/])\/+$/, "");
}

/** Does Windows keep this name for a device, with any extension? */
export function isReservedName(name: string): boolean {
  return /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i.test(name);
}
