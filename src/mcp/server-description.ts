import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { VERSION } from "../version.ts";
import { offeredTools, toDefinition } from "./catalogue.ts";
import { TOOLSETS } from "./toolsets.ts";

/** What the server offers, as it can be told without starting one. */
export interface ServerDescription {
  readonly name: string;
  readonly version: string;
  /** Newest first. */
  readonly protocol_versions: readonly string[];
  readonly toolsets: readonly string[];
  readonly tools: readonly {
    readonly name: string;
    readonly title: string;
    readonly toolset: string;
    readonly reads_only: boolean;
    readonly always_load: boolean;
    /** Of its definition as JSON: what it costs a host's context, before any call. */
    readonly definition_bytes: number;
  }[];
  readonly definitions_bytes: number;
}

/** Versions without `initialize`, which the SDK answers through `server/discover` and does not list among the others. */
const DISCOVERED_VERSIONS = ["2026-07-28"];

/** Describes the server with everything it can offer. */
export function describeServer(): ServerDescription {
  const tools = offeredTools({ toolsets: TOOLSETS, readOnly: false }).map((tool) => ({
    name: tool.name,
    title: tool.title,
    toolset: tool.toolset,
    reads_only: tool.effect !== "acts",
    always_load: tool.alwaysLoad,
    definition_bytes: Buffer.byteLength(JSON.stringify(toDefinition(tool))),
  }));
  return {
    name: "ouroboros",
    version: VERSION,
    protocol_versions: [...DISCOVERED_VERSIONS, ...SUPPORTED_PROTOCOL_VERSIONS],
    toolsets: TOOLSETS,
    tools,
    definitions_bytes: tools.reduce((sum, tool) => sum + tool.definition_bytes, 0),
  };
}
