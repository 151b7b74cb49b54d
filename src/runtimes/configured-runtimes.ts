import { createAcpRuntime } from "./acp/acp-runtime.ts";
import { createClaudeRuntime } from "./claude.ts";
import { createCodexRuntime } from "./codex.ts";
import { createCommandRuntime } from "./command-runtime.ts";
import { createHostRuntime, type WorkDesk } from "./host-runtime.ts";
import { withoutSecrets } from "./redacted-runtime.ts";
import type { Runtime } from "./runtime.ts";
import { type RuntimeSettings, runtimeNamed, runtimeNames, type SelectedRuntime } from "./runtime-settings.ts";

/** The runtime behind a chosen agent; a run has a desk to lay work out for a host's. */
export function openRuntime(selected: SelectedRuntime, desk?: WorkDesk): Runtime {
  return withoutSecrets(open(selected, desk));
}

function open({ name, command, kind, output, env }: SelectedRuntime, desk: WorkDesk | undefined): Runtime {
  const program = { name, command, passes: env ?? [] };
  switch (kind) {
    case "claude":
      return createClaudeRuntime(program);
    case "codex":
      return createCodexRuntime(program);
    case "host":
      return createHostRuntime(desk);
    case "acp":
      return createAcpRuntime({ name, command, env: valuesOf(program.passes) });
    default:
      return createCommandRuntime(program, output ?? "text");
  }
}

/** All programs this user could choose as a runtime, installed or not. */
export function configuredRuntimes(settings: RuntimeSettings): Runtime[] {
  return runtimeNames(settings).flatMap((name) => {
    const found = runtimeNamed(settings, name);
    return found === undefined ? [] : [openRuntime(found)];
  });
}

function valuesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
