import type { StoredEvent } from "../../src/domain/event.ts";
import { evolve, type Session } from "../../src/domain/session/session.ts";
import { toStoredEvent } from "../../src/store/row.ts";

export type Row = Record<string, unknown>;

export interface EventRow {
  readonly rowid: number;
  readonly id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly payload: string;
  readonly timestamp: string;
}

/** All that stands in the store, as one value: equal contents are one object with one number. */
export interface Content {
  readonly id: number;
  readonly events: readonly EventRow[];
  readonly leases: readonly Row[];
  readonly sessions: readonly Row[];
  readonly watermark: string;
}

const numbers = new Map<string, number>();
const lists = new Map<string, readonly Row[]>();
const contents = new Map<string, Content>();
const histories = new Map<number, readonly EventRow[]>();
const rowNumbers = new WeakMap<EventRow, number>();

/** A number for a text: the same one for the same text. */
export function intern(text: string): number {
  let number = numbers.get(text);
  if (number === undefined) {
    number = numbers.size + 1;
    numbers.set(text, number);
  }
  return number;
}

/** Forgets everything interned so far; contents of before and after must not be mixed. */
export function forget(): void {
  for (const map of [numbers, lists, contents, histories]) map.clear();
}

export function share(parts: Omit<Content, "id">): Content {
  return successor({ id: 0, events: [], leases: [], sessions: [], watermark: "" }, { news: parts.events, ...parts });
}

/** The content that follows from one by new events and other rows elsewhere. */
export function successor(
  last: Content,
  now: { news: readonly EventRow[]; leases: readonly Row[]; sessions: readonly Row[]; watermark: string },
): Content {
  const events = now.news.length === 0 ? last.events : history(last.events, now.news);
  const leases = list(now.leases);
  const sessions = list(now.sessions);
  const key = `C${historyNumber(events)}|${intern(JSON.stringify(leases))}|${intern(JSON.stringify(sessions))}|${now.watermark}`;
  let content = contents.get(key);
  if (!content) {
    content = { id: contents.size + 1, events, leases, sessions, watermark: now.watermark };
    contents.set(key, content);
  }
  return content;
}

function list(rows: readonly Row[]): readonly Row[] {
  const key = JSON.stringify(rows);
  const known = lists.get(key);
  if (known) return known;
  lists.set(key, rows);
  return rows;
}

function history(before: readonly EventRow[], news: readonly EventRow[]): readonly EventRow[] {
  let events = before;
  for (const row of news) {
    const number = intern(`H${historyNumber(events)}|${JSON.stringify(row)}`);
    let longer = histories.get(number);
    if (!longer) {
      longer = [...events, row];
      histories.set(number, longer);
      rowNumbers.set(row, number);
    }
    events = longer;
  }
  return events;
}

/** A history is named by its last row, which knows all before it. */
function historyNumber(events: readonly EventRow[]): number {
  const last = events.at(-1);
  return last ? (rowNumbers.get(last) ?? 0) : 0;
}

const folds = new WeakMap<readonly EventRow[], readonly (Session | undefined)[]>();

/** The session of the model after each of its rows, folded from zero by the shipped fold; `undefined` before its first row. */
export function foldOf(content: Content, upTo = Number.POSITIVE_INFINITY): Session | undefined {
  const { events } = content;
  let steps = folds.get(events);
  if (!steps) {
    let session: Session | undefined;
    steps = events.map((row) => {
      if (row.aggregate_type === "session") session = evolve(session, storedEvent(row));
      return session;
    });
    folds.set(events, steps);
  }
  let found: Session | undefined;
  for (const [index, row] of events.entries()) {
    if (row.rowid > upTo) break;
    found = steps[index];
  }
  return found;
}

const stored = new WeakMap<EventRow, StoredEvent>();

/** A row as the program reads it. */
export function storedEvent(row: EventRow): StoredEvent {
  let event = stored.get(row);
  if (!event) {
    event = toStoredEvent({ ...row, row_id: row.rowid } as unknown as Parameters<typeof toStoredEvent>[0]);
    stored.set(row, event);
  }
  return event;
}
