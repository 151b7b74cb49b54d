import type { Encoded, PyObject } from "./python-json.ts";

/** One row of `events` before it is encoded. */
export interface Row {
  readonly aggregateType: "session" | "execution" | "job" | "interview" | "lineage";
  readonly aggregateId: string;
  readonly eventType: string;
  /** `Encoded` stands for bytes upstream would not have written: damage. */
  readonly payload: PyObject | Encoded;
  /** Microseconds since the epoch; decides the row's place in the file. */
  readonly at: number;
  /** Replaces the generated uuid4. */
  readonly id?: string;
  /** Replaces the timestamp text made from `at`. */
  readonly storedTimestamp?: string | number;
}
