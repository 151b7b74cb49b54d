import { EXCUSES, type Excuse } from "./excuses.ts";
import type { ScenarioResult, Transport } from "./report.ts";

/** One check as the suite writes it down; what is not read stays unknown. */
export interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string | null;
}

/** What the server was asked by, and what it declares. */
export interface Judged {
  readonly transport: Transport;
  readonly revision: string;
  readonly capabilities: readonly string[];
}

/** Every scenario has it: that what the server sent is of the protocol. It is never excused. */
const WIRE = "wire-schema-valid";

/** What a scenario says about the server: a failure that no excuse covers is one, whatever else is excused. */
export function judge(scenario: string, checks: readonly Check[], judged: Judged): ScenarioResult {
  const excuses = excusesFor(judged).filter((excuse) => excuse.scenario === scenario);
  const failures = checks.filter(({ status }) => status === "FAILURE");
  const excuseOf = (check: Check) => excuses.find((excuse) => covers(excuse, check));
  const faults = failures.filter((check) => excuseOf(check) === undefined);
  const passed = checks.filter(({ id, status }) => status === "SUCCESS" && id !== WIRE).length;
  if (faults.length > 0) {
    const why = faults.map(({ id, errorMessage }) => `${id}: ${(errorMessage ?? "").slice(0, 200)}`);
    return { scenario, verdict: "failed", passed, why };
  }
  const whole = excuses.find(({ check }) => check === undefined);
  if (whole) return { scenario, verdict: "not applicable", passed: 0, why: [whole.why] };
  if (passed === 0) return { scenario, verdict: "failed", passed, why: ["nothing of it was checked"] };
  return { scenario, verdict: "passed", passed, why: failures.flatMap((check) => excuseOf(check)?.why ?? []) };
}

/** The file that tells the suite what cannot be passed, each entry with its reason. */
export function expectedFailures(scenarios: readonly string[], byCheck: boolean, judged: Judged): string {
  const lines = excusesFor(judged)
    .filter(({ scenario }) => scenarios.includes(scenario))
    .filter(({ passesAnyway }) => !passesAnyway)
    .filter(({ check }) => byCheck || check === undefined)
    .map(({ scenario, check, why }) => `  - ${check === undefined ? scenario : `${scenario}:${check}`} # ${why}`);
  return `server:\n${[...new Set(lines)].join("\n")}\n`;
}

function excusesFor({ transport, revision, capabilities }: Judged): Excuse[] {
  return EXCUSES.filter(
    (excuse) =>
      (excuse.transport ?? transport) === transport &&
      (excuse.revision ?? revision) === revision &&
      !(excuse.unlessDeclared !== undefined && capabilities.includes(excuse.unlessDeclared)),
  );
}

function covers({ check, says }: Excuse, { id, errorMessage }: Check): boolean {
  if (id === WIRE || (check !== undefined && check !== id)) return false;
  return says === undefined || says.test(errorMessage ?? "");
}
