import { checkEnvironment } from "../../../src/checks/check-environment.ts";
import type { CommandLimits } from "../../../src/checks/run-command.ts";
import type { Criterion } from "../../../src/domain/seed/seed.ts";

/** Limits of a check whose lease is trusted for longer than any test takes. */
export function limits(more: Partial<CommandLimits> = {}): CommandLimits {
  return {
    env: checkEnvironment(process.env),
    signal: new AbortController().signal,
    trust: { trustMs: () => 600_000, onTrust: () => () => {} },
    ...more,
  };
}

/** A criterion with this check and nothing else. */
export function criterion(verify_command: string | null, more: Partial<Criterion> = {}): Criterion {
  return {
    key: "ac_0123456789abcdef",
    description: "It works",
    verify_command,
    expected_artifacts: [],
    output_assertion: null,
    verify_exemption_reason: null,
    investment: null,
    depends_on: [],
    ...more,
  };
}
