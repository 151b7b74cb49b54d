import { parseArgs } from "node:util";
import type { ServeOptions } from "./mcp/serve.ts";
import { parseToolsets } from "./mcp/toolsets.ts";

/**
 * The options of a plain `mcp serve`, or undefined for every other command line, a wrong one included: the CLI kit then
 * answers with help and errors. It exists so that the road to the first answer is short.
 */
export function serveOptions(argv: readonly string[]): ServeOptions | undefined {
  if (argv[0] !== "mcp" || argv[1] !== "serve") return undefined;
  try {
    const { values } = parseArgs({
      args: argv.slice(2),
      options: {
        db: { type: "string" },
        "read-only": { type: "boolean" },
        toolsets: { type: "string" },
        transport: { type: "string" },
      },
      strict: true,
    });
    if (values.transport !== undefined && values.transport !== "stdio") return undefined;
    const toolsets = parseToolsets(values.toolsets);
    if ("unknown" in toolsets) return undefined;
    return { db: values.db, readOnly: values["read-only"] ?? false, toolsets };
  } catch {
    return undefined; // an option we do not know: the CLI says so
  }
}
