import { describeServer } from "../../mcp/server-description.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { bytes, fields, table } from "../render.ts";

/** `ouroboros mcp info` */
export async function mcpInfo({ style }: Cli, _flags: SharedFlags): Promise<Answer> {
  const server = describeServer();
  const text = [
    fields(style, [
      ["Name", server.name],
      ["Version", server.version],
      ["Protocol versions", server.protocol_versions.join(", ")],
      ["Toolsets", server.toolsets.join(", ")],
      ["All definitions", bytes(server.definitions_bytes)],
    ]),
    "\n",
    table(
      style,
      [
        { heading: "TOOL", cell: (tool) => tool.name },
        { heading: "TOOLSET", cell: (tool) => tool.toolset },
        { heading: "EFFECT", cell: (tool) => (tool.reads_only ? "reads" : "acts") },
        { heading: "SIZE", cell: (tool) => bytes(tool.definition_bytes) },
        { heading: "TITLE", cell: (tool) => tool.title, grows: true },
      ],
      server.tools,
    ),
  ];
  return { json: server, text: text.join("") };
}
