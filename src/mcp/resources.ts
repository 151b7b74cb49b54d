import type { ReadResourceResult } from "@modelcontextprotocol/server";
import { OuroborosError } from "../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { findSeed } from "../sessions/resume/seed-lookup.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import type { StartUp } from "../startup/start-up.ts";
import { viewLineage } from "../views/lineage.ts";
import { loadLineage } from "../views/load-lineage.ts";
import { sessionStatus } from "../views/session-status.ts";
import type { IdKind } from "./resources-completion.ts";

const STARTUP = "ouroboros://startup";
const JSON_TYPE = "application/json";
/** No id of ours is nearly as long; what is not there is not said back at any length. */
const LONGEST_URI = 500;

/** The resources there always are. */
export const RESOURCES = [
  {
    uri: STARTUP,
    name: "startup",
    title: "Start-up receipt",
    description: "What this server's start did: phase, times, sessions examined, cancelled, paused and skipped",
    mimeType: JSON_TYPE,
  },
];

/** Resources that take the id of something in the store. */
interface Stored {
  readonly name: IdKind;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly read: (context: SessionContext, id: string) => Promise<string | Refusal>;
}

const STORED: readonly Stored[] = [
  {
    name: "session",
    title: "Session",
    description: "One session: status, liveness with its reason, progress, ids and times",
    mimeType: JSON_TYPE,
    read: async (context, id) => asJson(await sessionStatus(context, id)),
  },
  {
    name: "seed",
    title: "Seed",
    description: "One specification as it was stored: goal, constraints, criteria with their checks",
    mimeType: "application/yaml",
    read: async (context, id) => (await findSeed(context, { seedHash: null, seedId: id })) ?? unknownSeed(id),
  },
  {
    name: "lineage",
    title: "Lineage",
    description: "The generations of one lineage: phase, seed, score, verdict, branch, and what comes next",
    mimeType: JSON_TYPE,
    async read({ store }, id) {
      const lineage = await loadLineage(store, id);
      return asJson(isRefusal(lineage) ? lineage : viewLineage(lineage));
    },
  },
];

/** The resources that take an id, as they are listed. */
export const RESOURCE_TEMPLATES = STORED.map(({ read: _, ...told }) => ({
  uriTemplate: `${rootOf(told.name)}{id}`,
  ...told,
}));

/** What the id in a template is of; undefined for a template that is none of ours. */
export function idKindOf(uriTemplate: string): IdKind | undefined {
  return RESOURCE_TEMPLATES.find((one) => one.uriTemplate === uriTemplate)?.name;
}

/** Reads a resource. The start-up receipt is there at any moment; what is stored waits for the store like a reading tool. */
export async function readResource(
  uri: string,
  startUp: StartUp,
  signal: AbortSignal,
): Promise<ReadResourceResult | Refusal> {
  if (uri === STARTUP) return contents(uri, JSON_TYPE, JSON.stringify(startUp.receipt));
  const stored = uri.length > LONGEST_URI ? undefined : STORED.find(({ name }) => uri.startsWith(rootOf(name)));
  const id = stored && decodeId(uri.slice(rootOf(stored.name).length));
  if (!stored || id === undefined) return unknownResource(uri);
  const closed = await startUp.gate.admit("reads", signal);
  if (closed) return closed;
  const { context } = startUp;
  if (!context) throw new Error("The gate admitted a read without a store");
  try {
    const text = await stored.read(context, id);
    return isRefusal(text) ? text : contents(uri, stored.mimeType, text);
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return refuse(error.code, error.message, error.next);
  }
}

/** A resource that is nowhere. */
export function unknownResource(uri: string): Refusal {
  const next = "resources/list and resources/templates/list name what there is";
  const shown = uri.slice(0, LONGEST_URI);
  return refuse("not_found", `Resource not found: ${shown}`, next, { uri: shown });
}

/** The text of a resource. */
export function contents(uri: string, mimeType: string, text: string): ReadResourceResult {
  return { contents: [{ uri, mimeType, text }] };
}

function rootOf(name: IdKind): string {
  return `ouroboros://${name}/`;
}

function decodeId(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // not a sound URI, so it names nothing
  }
}

function unknownSeed(id: string): Refusal {
  const message = `There is no seed ${JSON.stringify(id.slice(0, 100))} in this store`;
  return refuse("not_found", message, "`ouroboros seed list` shows those that exist", { seed_id: id.slice(0, 200) });
}

function asJson(value: object): string | Refusal {
  return isRefusal(value) ? value : JSON.stringify(value);
}
