import { refuse } from "../../base/refusal.ts";
import { serve } from "../../mcp/serve.ts";
import { parseToolsets, TOOLSETS } from "../../mcp/toolsets.ts";
import { type Cli, complain, type SharedFlags } from "../command.ts";

export type ServeFlags = SharedFlags & {
  readonly readOnly: boolean;
  readonly toolsets?: string | undefined;
  readonly transport?: "stdio" | undefined;
};

/** `ouroboros mcp serve`, for the spellings that the short road of main.ts does not know. Signals are the server's own matter. */
export async function mcpServe(this: Cli, flags: ServeFlags): Promise<void> {
  const toolsets = parseToolsets(flags.toolsets);
  if ("unknown" in toolsets) {
    const message = `Cannot serve the toolset ${JSON.stringify(toolsets.unknown)}: there is no such group`;
    const refusal = refuse("wrong_usage", message, `There are: ${TOOLSETS.join(", ")}, or all`);
    this.process.exitCode = await complain(this, flags.json, refusal);
    return;
  }
  this.process.exitCode = await serve({ db: flags.db, readOnly: flags.readOnly, toolsets });
}
