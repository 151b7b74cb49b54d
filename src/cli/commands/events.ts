import { type Refusal, refuse } from "../../base/refusal.ts";
import type { StoredEvent } from "../../domain/event.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { queryEvents } from "../../store/event-queries.ts";
import { findByExecution, loadSession } from "../../store/session/sessions.ts";
import { toWholeEvent } from "../../views/event-list.ts";
import { sessionNotFound } from "../../views/session-status.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines } from "../render.ts";
import { eventLine, eventRows } from "./events/event-text.ts";
import { follow } from "./events/follow.ts";

export type EventsFlags = SharedFlags & {
  readonly session?: string | undefined;
  readonly type?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly follow: boolean;
};

const STANDARD_LIMIT = 50;

/** `ouroboros events`: a page, newest first; with --follow in commit order, the latest ones only if --limit asks for them. */
export async function events(cli: Cli, flags: EventsFlags): Promise<Answer | Refusal | number> {
  if (flags.follow && flags.offset !== undefined) {
    const next = "--limit N with --follow begins with the newest N events";
    return refuse("wrong_usage", "Cannot skip events and follow them: --offset and --follow exclude each other", next);
  }
  return look<Answer | Refusal | number>(flags, async (context) => {
    const sessionId = await sessionOf(context, flags.session);
    if (sessionId === null) return sessionNotFound(flags.session ?? "");
    const filter = { sessionId, eventType: flags.type };
    if (flags.follow) {
      const write = (event: StoredEvent) =>
        cli.output.write(flags.json ? `${JSON.stringify(toWholeEvent(event))}\n` : eventLine(cli.style, event));
      return follow(context.store, { ...filter, past: flags.limit ?? 0, signal: cli.interruption.signal }, write);
    }
    const limit = flags.limit ?? STANDARD_LIMIT;
    const offset = flags.offset ?? 0;
    const page = await queryEvents(context.store, { ...filter, limit, offset });
    const json = { events: page.events.map(toWholeEvent), has_more: page.more, offset, limit };
    if (!cli.style.forPeople) return { json, text: eventRows(cli.style, page.events) };
    const more = page.more ? [`More: add --offset ${offset + limit}`] : [];
    const text = page.events.length === 0 ? lines(["No events."]) : eventRows(cli.style, page.events) + lines(more);
    return { json, text };
  });
}

/** Undefined for the whole store, null for an id that names nothing. */
async function sessionOf({ store }: SessionContext, id: string | undefined): Promise<string | undefined | null> {
  if (id === undefined || (await loadSession(store, id))) return id;
  return (await findByExecution(store, id)) ?? null;
}
