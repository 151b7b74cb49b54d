import type { PermissionOption, RequestPermissionResponse } from "@agentclientprotocol/sdk";
import type { Task } from "../runtime.ts";
import type { ToolFacts } from "./acp-tools.ts";
import { insideFolder } from "./work-folder.ts";

/** Kinds of tools that only look. */
const LOOKING = new Set(["read", "search", "fetch", "think"]);
const CHANGING = new Set(["edit", "delete", "move", "execute"]);

/**
 * The answer to an agent that asks whether it may. Once, never for good: what is remembered would outlive this task.
 * A kind that nobody named is refused.
 */
export function answerPermission(
  tool: ToolFacts,
  options: readonly PermissionOption[],
  { access, root }: { access: Task["access"]; root: string },
): RequestPermissionResponse {
  const isOfUse = LOOKING.has(tool.kind) || (access === "write" && CHANGING.has(tool.kind));
  const allowed = isOfUse && tool.paths.every((path) => insideFolder(root, path) !== null);
  const wanted = [...(allowed ? ["allow_once"] : []), "reject_once", "reject_always"];
  for (const kind of wanted) {
    const option = options.find((one) => one.kind === kind);
    if (option) return { outcome: { outcome: "selected", optionId: option.optionId } };
  }
  return { outcome: { outcome: "cancelled" } };
}
