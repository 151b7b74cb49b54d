import * as v from "valibot";
import { newId } from "../base/ids.ts";
import { MechanicalResults } from "../domain/evaluation/evaluation-record.ts";
import type { MechanicalResult } from "../domain/evaluation/mechanical.ts";
import { append } from "./append.ts";
import type { Store } from "./store.ts";
import { readStream } from "./streams.ts";

const AGGREGATE = "project_checks";
const RECORDED = "evaluation.mechanical.recorded";

/** What is the same wherever the same comes out: a tree, what it declares, and the machine with its tools. */
export interface MechanicalKey {
  readonly tree: string;
  readonly declared: string;
  readonly machine: string | null;
}

/** What a project's own checks came to the last time; null where nobody has run them. */
export async function readMechanical(store: Store, key: MechanicalKey): Promise<readonly MechanicalResult[] | null> {
  const { events } = await readStream(store, AGGREGATE, idOf(key));
  const last = events.at(-1);
  const read = last && v.safeParse(MechanicalResults, last.payload.results);
  return read?.success ? read.output : null;
}

/** Remembers what they came to. */
export async function saveMechanical(
  store: Store,
  key: MechanicalKey,
  results: readonly MechanicalResult[],
): Promise<void> {
  const payload = { ...key, results };
  const scope = { aggregate_type: AGGREGATE, aggregate_id: idOf(key), event_type: RECORDED };
  await append(store, { kind: "any" }, [{ id: newId(), ...scope, payload, at: store.stamp() }]);
}

function idOf({ tree, declared, machine }: MechanicalKey): string {
  return `${tree}.${declared.slice(0, 16)}.${machine ?? ""}`;
}
