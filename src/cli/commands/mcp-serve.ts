import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { TOOLSETS, type Toolset } from "../../mcp/catalogue.ts";
import { serve } from "../../mcp/serve.ts";
import { type Cli, complain, type SharedFlags } from "../command.ts";

export type ServeFlags = SharedFlags & {
  readonly readOnly: boolean;
  readonly toolsets?: string | undefined;
  readonly transport?: "stdio" | undefined;
};

/** `ouroboros mcp serve`, for the spellings that the short road of main.ts does not know. Signals are the server's own matter. */
export async function mcpServe(this: Cli, flags: ServeFlags): Promise<void> {
  const toolsets = parseToolsets(flags.toolsets);
  this.process.exitCode = isRefusal(toolsets)
    ? await complain(this, flags.json, toolsets)
    : await serve({ db: flags.db, readOnly: flags.readOnly, toolsets });
}

function parseToolsets(names: string | undefined): Toolset[] | Refusal {
  if (names === undefined || names === "all") return [...TOOLSETS];
  const chosen: Toolset[] = [];
  for (const name of names.split(",").map((part) => part.trim())) {
    const known = TOOLSETS.find((toolset) => toolset === name);
    if (known === undefined) {
      const next = `There are: ${TOOLSETS.join(", ")}, or all`;
      return refuse("wrong_usage", `Cannot serve the toolset ${JSON.stringify(name)}: there is no such group`, next);
    }
    chosen.push(known);
  }
  return chosen;
}
