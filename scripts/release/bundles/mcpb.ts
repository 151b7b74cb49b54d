import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { offeredTools } from "../../../src/mcp/catalogue.ts";
import { STANDARD_TOOLSETS } from "../../../src/mcp/toolsets.ts";
import { TARGETS } from "../targets.ts";
import { eachBinary, putProgram } from "./binaries.ts";
import { PRODUCT, SERVE } from "./product.ts";

/** A bundle each: one for all of them would be half a gigabyte, and nothing in a bundle tells two processors apart. */
export const MCPB_TARGETS = ["darwin-arm64", "darwin-x64", "windows-x64", "linux-x64"] as const;
export type McpbTarget = (typeof MCPB_TARGETS)[number];

/** The official tool, pinned beside the other real programs that the tests need. */
export const MCPB_TOOL = join(
  import.meta.dirname,
  "../../../tests/e2e/clients/node_modules/@anthropic-ai/mcpb/dist/cli/cli.js",
);

/** Packs a bundle for each of the binaries in a folder that desktop programs ask for; answers the files' names. */
export async function writeMcpb(binaries: string, outdir: string): Promise<readonly string[]> {
  if (!existsSync(MCPB_TOOL))
    throw new Error('Cannot pack MCPB bundles: run "npm ci --prefix tests/e2e/clients" first');
  return await eachBinary({ binaries, outdir, targets: MCPB_TARGETS }, async (target, binary, work) => {
    await putProgram(binary, work, programOf(target));
    await writeFile(join(work, "manifest.json"), `${JSON.stringify(mcpbManifest(target), null, 2)}\n`);
    await promisify(execFile)("node", [MCPB_TOOL, "pack", work, join(outdir, mcpbName(target))]);
    return mcpbName(target);
  });
}

/** The name of a target's bundle among the files of a release. */
export function mcpbName(target: McpbTarget): string {
  return `${PRODUCT.name}-${PRODUCT.version}-${target}.mcpb`;
}

/** What a host is told of the bundle. It asks a person nothing: settings are in Ouroboros' own file, for every host alike. */
export function mcpbManifest(target: McpbTarget) {
  const { name, title, version, description, license, author, keywords, repository } = PRODUCT;
  const program = programOf(target);
  const tools = offeredTools({ toolsets: STANDARD_TOOLSETS, readOnly: false });
  return {
    manifest_version: "0.3",
    name,
    display_name: title,
    version,
    description,
    author: { name: author, url: repository },
    repository: { type: "git", url: repository },
    homepage: repository,
    documentation: `${repository}#readme`,
    support: `${repository}/issues`,
    license,
    keywords,
    server: {
      type: "binary",
      entry_point: program,
      mcp_config: { command: `\${__dirname}/${program}`, args: SERVE },
    },
    tools: tools.map((tool) => ({ name: tool.name, description: tool.description })),
    prompts_generated: true,
    compatibility: { platforms: [TARGETS[target].platform] },
  };
}

function programOf(target: McpbTarget): string {
  return `server/ouroboros${TARGETS[target].platform === "win32" ? ".exe" : ""}`;
}
