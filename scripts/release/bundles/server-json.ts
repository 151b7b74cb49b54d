import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MCPB_TARGETS, mcpbName } from "./mcpb.ts";
import { downloadAddress, PRODUCT, SERVE } from "./product.ts";

/** Its name in the MCP registry, which belongs to whom the repository belongs; the npm package says the same of itself. */
const REGISTRY_NAME = `io.github.${new URL(PRODUCT.repository).pathname.slice(1)}`;
const NPM_PACKAGE = "ouroboros-mcp";
const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";

/** Writes server.json for the MCP registry beside the files of a release, by their SHA256SUMS. */
export async function writeServerJson(folder: string): Promise<void> {
  const sums = parseSums(await readFile(join(folder, "SHA256SUMS"), "utf8"));
  await writeFile(join(folder, "server.json"), `${JSON.stringify(serverJson(sums), null, 2)}\n`);
}

/** What the MCP registry is told: the npm package, and each bundle that has a sum. */
export function serverJson(sums: ReadonlyMap<string, string>) {
  const { title, version, description, repository } = PRODUCT;
  const transport = { type: "stdio" };
  const npm = {
    registryType: "npm",
    identifier: NPM_PACKAGE,
    version,
    runtimeHint: "npx",
    transport,
    packageArguments: SERVE.map((value) => ({ type: "positional", value })),
    environmentVariables: VARIABLES,
  };
  const bundles = MCPB_TARGETS.map(mcpbName).flatMap((file) => {
    const fileSha256 = sums.get(file);
    if (fileSha256 === undefined) return [];
    return [{ registryType: "mcpb", identifier: downloadAddress(file), fileSha256, transport }];
  });
  return {
    $schema: SCHEMA,
    name: REGISTRY_NAME,
    title,
    description,
    version,
    websiteUrl: repository,
    repository: { url: repository, source: "github" },
    packages: [npm, ...bundles],
  };
}

/** None of them is needed: without them the store is a file in the home. */
const VARIABLES = [
  { name: "OUROBOROS_HOME", description: "The folder for store, seeds and settings (~/.ouroboros)" },
  { name: "OUROBOROS_DATABASE_URL", description: "Another store: a path, or the address of a libSQL server" },
  { name: "OUROBOROS_DATABASE_TOKEN", description: "The token for a libSQL server", isSecret: true },
].map((variable) => ({ ...variable, isRequired: false, format: "string" }));

function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}
