import * as v from "valibot";
import { queryEvents } from "../../store/event-queries.ts";
import { toEventLine } from "../../views/event-list.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_query_events`: the history as it was written, newest first. */
export const ouroborosQueryEvents = defineTool({
  name: "ouroboros_query_events",
  title: "Query events",
  description:
    "Lists events of one session (all its scopes) or of the whole store, newest first, each payload cut to 200 characters. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    session_id: v.optional(v.pipe(v.string(), v.minLength(1), v.description("Only events of this session"))),
    event_type: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.description("Only events of exactly this type, e.g. orchestrator.session.started"),
      ),
    ),
    limit: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500), v.description("At most this many")),
      50,
    ),
    offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.description("Skip this many")), 0),
  }),
  output: v.object({
    events: v.array(
      v.object({
        rowid: v.number(),
        id: v.string(),
        type: v.string(),
        timestamp: v.string(),
        aggregate_type: v.string(),
        aggregate_id: v.string(),
        data: v.string(),
        data_chars: v.number(),
        quarantined: v.nullable(v.string()),
      }),
    ),
    total_events: v.pipe(v.number(), v.description("Events on this page")),
    has_more: v.boolean(),
    offset: v.number(),
    limit: v.number(),
  }),
  async run({ session_id, event_type, limit, offset }, { context }) {
    const page = await queryEvents(context.store, { sessionId: session_id, eventType: event_type, limit, offset });
    const events = page.events.map(toEventLine);
    const value = { events, total_events: events.length, has_more: page.more, offset, limit };
    const lines = events.map(
      (event, at) => `${offset + at + 1}. ${event.timestamp} [${event.type}] ${event.aggregate_id}`,
    );
    const range = events.length === 0 ? "none" : `${offset + 1} to ${offset + events.length}`;
    return { value, text: [`Events: ${range}${page.more ? ", more follow" : ""}`, ...lines].join("\n") };
  },
});
