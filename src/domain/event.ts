/** What an event says: a JSON object, keys as stored. */
export type Payload = Readonly<Record<string, unknown>>;

/** An event about to be appended. The id is made before the first try, so that a retry can never double it. */
export interface NewEvent {
  readonly id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly payload: Payload;
  /** Microseconds since 1970, UTC. */
  readonly at: number;
}

/** A row of `events` that could be read. `rowid` is the commit order; `at` is missing when the stored time is unreadable. */
export interface StoredEvent {
  readonly rowid: number;
  readonly id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly payload: Payload;
  readonly timestamp: string;
  readonly at: number | undefined;
  /** Why parts of this row could not be decoded; absent for a sound row. */
  readonly quarantined?: string;
}
