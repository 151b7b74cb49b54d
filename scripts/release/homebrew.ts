import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { REPOSITORY } from "../../src/setup/update/repository.ts";
import { sha256OfFile } from "./sums.ts";
import { releaseName, type Target } from "./targets.ts";

/** Homebrew's words for a platform; its Linux is always one with glibc. */
const PLATFORMS = [
  ["macos", "arm", "darwin-arm64"],
  ["macos", "intel", "darwin-x64"],
  ["linux", "arm", "linux-arm64"],
  ["linux", "intel", "linux-x64"],
] as const satisfies readonly (readonly [string, string, Target])[];

/** Writes `ouroboros.rb` beside the binaries of a release, for those of them that are there. */
export async function writeHomebrewFormula(folder: string, version: string): Promise<void> {
  const sums = new Map<Target, string>();
  for (const [, , target] of PLATFORMS) {
    const file = join(folder, releaseName(target));
    if (!existsSync(file)) continue;
    sums.set(target, await sha256OfFile(file));
  }
  if (sums.size === 0) throw new Error(`Cannot write a formula: there is no binary for Homebrew in ${folder}`);
  await writeFile(join(folder, "ouroboros.rb"), homebrewFormula(version, sums));
}

/** The formula of a version: each platform's file by its address and its SHA-256. */
export function homebrewFormula(version: string, sums: ReadonlyMap<Target, string>): string {
  return `class Ouroboros < Formula
  desc "${descriptionFor(packageJson.description)}"
  homepage "${REPOSITORY}"
  version "${version}"
  license "${packageJson.license}"

${systemBlocks(version, sums)}
  def install
    bin.install Dir["ouroboros-*"].first => "ouroboros"
    generate_completions_from_executable(bin/"ouroboros", "completions", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/ouroboros --version").strip
    request = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert_match '"id":1', pipe_output("#{bin}/ouroboros mcp serve", "#{request}\\n", 0)
  end
end
`;
}

function systemBlocks(version: string, sums: ReadonlyMap<Target, string>): string {
  const systems = ["macos", "linux"].map((system) => {
    const blocks = PLATFORMS.flatMap(([on, processor, target]) => {
      const sum = sums.get(target);
      if (on !== system || sum === undefined) return [];
      const url = `${REPOSITORY}/releases/download/v${version}/${releaseName(target)}`;
      return `    on_${processor} do\n      url "${url}"\n      sha256 "${sum}"\n    end\n`;
    });
    return blocks.length === 0 ? "" : `  on_${system} do\n${blocks.join("")}  end\n\n`;
  });
  return systems.join("").trimEnd().concat("\n");
}

/** Homebrew's audit wants it short and without the formula's name, an article or a full stop. */
function descriptionFor(description: string): string {
  return description.split(":")[0]?.slice(0, 80) ?? description;
}
