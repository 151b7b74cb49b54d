import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { TARGETS } from "../targets.ts";
import { eachBinary, putProgram } from "./binaries.ts";
import { GEMINI, hostSkills } from "./host-skills.ts";
import { PRODUCT, SERVE_ALL } from "./product.ts";

/** Those that Gemini CLI can tell apart; it knows of no C library, so Linux means the commoner one. */
const GEMINI_TARGETS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"] as const;
type GeminiTarget = (typeof GEMINI_TARGETS)[number];

/**
 * Writes an archive for each of the binaries in a folder: under the name by which `gemini extensions install <repository>` looks for
 * it among the files of a release, and with all in it that the extension needs. Answers their names.
 */
export function writeGeminiExtensions(binaries: string, outdir: string): Promise<readonly string[]> {
  return eachBinary({ binaries, outdir, targets: GEMINI_TARGETS }, async (target, binary, work) => {
    await writeGeminiExtension(target, binary, work);
    const name = archiveName(target);
    const files = (await readdir(work)).sort();
    await promisify(execFile)("tar", [...ALWAYS_THE_SAME, "-cf", join(outdir, name), "-C", work, ...files]);
    return name;
  });
}

/** GNU tar's words for: sorted, of nobody, at no time, for everybody. */
const ALWAYS_THE_SAME = [
  "--sort=name",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mtime=@0",
  "--mode=u=rwX,go=rX",
  "--use-compress-program=gzip -n",
];

/** Writes the extension for one platform as a folder. */
export async function writeGeminiExtension(target: GeminiTarget, binary: string, folder: string): Promise<void> {
  await putProgram(binary, folder, programOf(target));
  const manifest = `${JSON.stringify(geminiManifest(target), null, 2)}\n`;
  const texts = { "gemini-extension.json": manifest, "GEMINI.md": CONTEXT, ...hostSkills(GEMINI) };
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** What Gemini CLI is told of the extension. */
export function geminiManifest(target: GeminiTarget) {
  const { name, version, description } = PRODUCT;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Gemini CLI puts the folder in
  const command = `\${extensionPath}\${/}${programOf(target).replaceAll("/", "${/}")}`;
  const mcpServers = { [name]: { command, args: SERVE_ALL } };
  return { name, version, description, mcpServers, contextFileName: "GEMINI.md" };
}

/** Read into every conversation: as short as it can be. */
const CONTEXT = `# Ouroboros

A prompt that begins with \`ooo\` is for Ouroboros: before anything else activate the skill whose description names the word behind it
(\`ouroboros-ooo\` where none does). What stands behind that word is the skill's input.
`;

function programOf(target: GeminiTarget): string {
  return `bin/ouroboros${TARGETS[target].platform === "win32" ? ".exe" : ""}`;
}

function archiveName(target: GeminiTarget): string {
  const { platform, arch } = TARGETS[target];
  return `${platform}.${arch}.${PRODUCT.name}.tar.gz`;
}
