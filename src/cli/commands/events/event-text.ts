import type { StoredEvent } from "../../../domain/event.ts";
import { toEventLine } from "../../../views/event-list.ts";
import { cut, lines, oneLine, table } from "../../render.ts";
import type { Style } from "../../style.ts";

/** A page of events. */
export function eventRows(style: Style, events: readonly StoredEvent[]): string {
  return table(
    style,
    [
      { heading: "ROW", cell: (event) => String(event.rowid) },
      { heading: "TIME (UTC)", cell: (event) => event.timestamp },
      { heading: "TYPE", cell: (event) => event.event_type },
      { heading: "OF", cell: (event) => event.aggregate_id },
      { heading: "DATA", cell: data, grows: true },
    ],
    events,
  );
}

/** One event on a line of its own: what comes next is not known yet, so nothing can be aligned. */
export function eventLine(style: Style, event: StoredEvent): string {
  const cells = [String(event.rowid), event.timestamp, event.event_type, event.aggregate_id, data(event)].map(oneLine);
  return lines([style.forPeople ? cut(cells.join("  "), style.width) : cells.join("\t")]);
}

function data(event: StoredEvent): string {
  return event.quarantined === undefined ? toEventLine(event).data : `(${event.quarantined})`;
}
