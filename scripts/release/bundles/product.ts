import packageJson from "../../../package.json" with { type: "json" };
import { REPOSITORY } from "../../../src/setup/update/repository.ts";

/** What every bundle says of the product, in nobody else's words. */
export const PRODUCT = {
  name: packageJson.name,
  title: "Ouroboros",
  version: packageJson.version,
  description: packageJson.description,
  license: packageJson.license,
  author: "the Ouroboros developers",
  keywords: ["specification", "interview", "agents", "workflow", "mcp"],
  repository: REPOSITORY,
} as const;

/** How a host that shows the model everything it offers starts the server, behind the program's name. */
export const SERVE = ["mcp", "serve"];
/** The same where skills lead to the tools, so that each of them has to be there. */
export const SERVE_ALL = [...SERVE, "--toolsets", "all"];

/** Where a file of this version's release is downloaded from. */
export function downloadAddress(file: string): string {
  return `${REPOSITORY}/releases/download/v${PRODUCT.version}/${file}`;
}
