import * as v from "valibot";
import { newId } from "../base/ids.ts";
import { type Refusal, refuse } from "../base/refusal.ts";
import type { StoredEvent } from "../domain/event.ts";
import { foldInterview, transcriptHash } from "../domain/interview/interview.ts";
import { append, isThere, mustBeWritable } from "./append.ts";
import { blobStatement, getBlob } from "./blobs.ts";
import { interviewScope, unknownInterview } from "./interviews.ts";
import type { Store } from "./store.ts";
import { readStream } from "./streams.ts";

const PM_DOCUMENT_CREATED = "pm.document.created";
/** Which repositories a product's interview was begun with. */
export const PM_REPOSITORIES_SELECTED = "pm.repositories.selected";

const Selected = v.object({ repos: v.array(v.object({ path: v.string(), name: v.string() })) });
const Created = v.object({
  pm_id: v.string(),
  transcript_hash: v.string(),
  body_hash: v.string(),
  forced: v.boolean(),
});

interface ProductFacts {
  readonly repositories: readonly { readonly path: string; readonly name: string }[];
  /** The text of the document that was made of this transcript, if one was. */
  readonly document: string | undefined;
}

/** What an interview's stream says of its product, of one transcript. */
export async function readProductFacts(store: Store, interviewId: string, hash: string): Promise<ProductFacts> {
  const { events } = await readStream(store, "interview", interviewId);
  const created = createdOf(events, hash);
  const body = created && (await getBlob(store, created.body_hash));
  const repositories = events.map(repositoriesIn).findLast((repos) => repos !== undefined) ?? [];
  return { repositories, document: body && new TextDecoder().decode(body) };
}

/**
 * Stores a product's document for ever, its text beside the event that names it, and gives the text that counts: of a
 * transcript that has a document already, the one that is there. Refused when the interview has moved on meanwhile.
 */
export async function saveProductDocument(
  store: Store,
  interviewId: string,
  document: {
    readonly pmId: string;
    readonly transcriptHash: string;
    readonly text: string;
    readonly forced: boolean;
    readonly by: { readonly mind: string; readonly model: string | null };
  },
): Promise<string | Refusal> {
  for (;;) {
    const { events, newestRowid } = await readStream(store, "interview", interviewId);
    const interview = foldInterview(interviewId, events);
    if (!interview) return unknownInterview(interviewId);
    const present = createdOf(events, document.transcriptHash);
    const kept = present && (await getBlob(store, present.body_hash));
    if (kept) return new TextDecoder().decode(kept);
    if (transcriptHash(interview) !== document.transcriptHash) return movedOn(interviewId);
    mustBeWritable(store);
    const id = newId();
    const { hash, statement } = blobStatement(store, new TextEncoder().encode(document.text), isThere(id));
    const { pmId, transcriptHash: transcript_hash, forced, by } = document;
    const payload = { pm_id: pmId, transcript_hash, body_hash: hash, forced, by };
    const scope = interviewScope(interviewId);
    const { aggregateType: aggregate_type, aggregateId: aggregate_id } = scope;
    const event = { id, aggregate_type, aggregate_id, event_type: PM_DOCUMENT_CREATED, payload, at: store.stamp() };
    const written = await append(store, { kind: "newest", ...scope, rowid: newestRowid }, [event], [statement]);
    if (written === "written") return document.text;
  }
}

function createdOf(events: readonly StoredEvent[], hash: string): v.InferOutput<typeof Created> | undefined {
  return events
    .filter(({ event_type }) => event_type === PM_DOCUMENT_CREATED)
    .map(({ payload }) => v.safeParse(Created, payload))
    .flatMap((parsed) => (parsed.success ? [parsed.output] : []))
    .findLast(({ transcript_hash }) => transcript_hash === hash);
}

function repositoriesIn({ event_type, payload }: StoredEvent) {
  if (event_type !== PM_REPOSITORIES_SELECTED) return undefined;
  const parsed = v.safeParse(Selected, payload);
  return parsed.success ? parsed.output.repos : undefined;
}

function movedOn(interviewId: string): Refusal {
  return refuse(
    "interview_moved",
    `Something was said in ${interviewId} while its document was written`,
    "Generate it again: it is then written from everything that was said",
    { session_id: interviewId, recoverable: true },
  );
}
