import type { Payload, StoredEvent } from "../../../../src/domain/event.ts";
import { type CriterionVerdict, evaluationPayload } from "../../../../src/domain/evolution/evaluation-summary.ts";
import { evolveLineage, type Lineage } from "../../../../src/domain/evolution/lineage.ts";
import {
  GENERATION_COMPLETED,
  GENERATION_STARTED,
  LINEAGE_CREATED,
} from "../../../../src/domain/evolution/lineage-events.ts";

/** A row as a test names it: what happened, and what it says. */
export type Row = readonly [event_type: string, payload: Payload];

const VERDICTS: Readonly<Record<string, CriterionVerdict>> = { P: "pass", F: "fail", "?": "unverifiable" };

/** The rows in their order, as a store hands them out: what they say has been JSON. */
export function stored(rows: readonly Row[], from = 1): StoredEvent[] {
  return rows.map(([event_type, payload], index) => ({
    rowid: from + index,
    id: `event_${from + index}`,
    aggregate_type: "lineage",
    aggregate_id: "lin_1",
    event_type,
    payload: JSON.parse(JSON.stringify(payload)),
    timestamp: "2026-04-03 12:00:00.000000",
    at: undefined,
  }));
}

/** What these rows tell, after the row that creates the lineage. */
export function lineageOf(rows: readonly Row[], created: Payload = { goal: "a goal" }): Lineage {
  const all: readonly Row[] = [[LINEAGE_CREATED, created], ...rows];
  const lineage = stored(all).reduce<Lineage | undefined>(evolveLineage, undefined);
  if (lineage === undefined) throw new Error("No lineage came of it");
  return lineage;
}

/** The lineage with one more row. */
export function told(lineage: Lineage, row: Row): Lineage {
  const [event] = stored([row], lineage.newest_rowid + 1);
  return (event && evolveLineage(lineage, event)) ?? lineage;
}

/** An evaluation of ours by one letter a criterion: `{ a: "P", b: "F", c: "?" }`. Approved when all pass. */
export function evaluated(letters: Readonly<Record<string, string>>, more: Partial<Summary> = {}): Payload {
  const criteria = Object.entries(letters).map(([key, letter]) => ({
    key,
    description: `criterion ${key}`,
    verdict: VERDICTS[letter] ?? "fail",
    reason: null,
  }));
  const passed = criteria.filter(({ verdict }) => verdict === "pass").length;
  const approved = passed === criteria.length;
  return evaluationPayload({
    approved,
    verdict: approved ? "approved" : "rejected",
    score: passed / criteria.length,
    highest_stage: 2,
    drift_score: null,
    failure_reason: null,
    mechanical: "pass",
    criteria,
    ...more,
  });
}
type Summary = Parameters<typeof evaluationPayload>[0];

/** The two rows of a generation that went through. */
export function generation(number: number, evaluation: Payload | null, more: Payload = {}): Row[] {
  return [
    [GENERATION_STARTED, { generation_number: number, phase: number === 1 ? "executing" : "wondering" }],
    [
      GENERATION_COMPLETED,
      { generation_number: number, seed_id: `seed_${number}`, evaluation_summary: evaluation, ...more },
    ],
  ];
}
