import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { fromYaml } from "../seed/seed-yaml.ts";

const Texts = v.optional(v.array(v.string()), []);
const UserStory = v.object({ persona: v.string(), action: v.string(), benefit: v.string() });
const Source = v.object({ round: v.number(), question: v.string(), quote: v.string() });
/** Which answers stand behind one part of a document (its dotted path), and whose word that is. */
const Provenance = v.object({
  path: v.string(),
  by: v.picklist(["person", "assumption", "nobody"]),
  sources: v.array(Source),
});
const Repository = v.object({ path: v.string(), name: v.optional(v.string(), "") });

/** A product's requirements in upstream's keys (its `PMSeed`), followed by ours. */
const ProductDocument = v.object({
  pm_id: v.string(),
  product_name: v.string(),
  goal: v.string(),
  user_stories: v.optional(v.array(UserStory), []),
  constraints: Texts,
  success_criteria: Texts,
  decide_later_items: Texts,
  assumptions: Texts,
  interview_id: v.optional(v.string(), ""),
  codebase_context: v.optional(v.nullable(v.string()), null),
  brownfield_repos: v.optional(v.array(Repository), []),
  created_at: v.optional(v.string(), ""),
  out_of_scope: Texts,
  /** Technical questions that were put into a product's words, or left to whoever builds it. */
  technical_questions: Texts,
  ambiguity_score: v.optional(v.nullable(v.number()), null),
  forced: v.optional(v.boolean(), false),
  provenance: v.optional(v.array(Provenance), []),
});
export type ProductDocument = Readonly<v.InferOutput<typeof ProductDocument>>;
export type Repository = Readonly<v.InferOutput<typeof Repository>>;

/** What older versions of upstream called some of these. */
const Legacy = v.looseObject({
  deferred_items: v.fallback(Texts, []),
  deferred_decisions: v.fallback(Texts, []),
  referenced_repos: v.fallback(v.optional(v.array(Repository)), undefined),
});

/** A product's document as it was stored; throws for what was never stored so. */
export function parseProductDocument(json: string): ProductDocument {
  return v.parse(ProductDocument, JSON.parse(json));
}

/** A product's document from its file, JSON or YAML, of ours or of upstream's; undefined when the text is none. */
export function readProductDocument(text: string): ProductDocument | undefined {
  // Most texts that are looked at are prose, and long.
  if (!text.includes("pm_id")) return undefined;
  const written = fromYaml(text);
  if (isRefusal(written) || typeof written.pm_id !== "string") return undefined;
  const legacy = v.parse(Legacy, written);
  const parsed = v.safeParse(ProductDocument, { brownfield_repos: legacy.referenced_repos ?? [], ...written });
  if (!parsed.success) return undefined;
  const { technical_questions, decide_later_items, ...rest } = parsed.output;
  return {
    ...rest,
    technical_questions: [...technical_questions, ...legacy.deferred_items],
    decide_later_items: [...decide_later_items, ...legacy.deferred_decisions],
  };
}

/** A user story as one sentence. */
export function storySentence({ persona, action, benefit }: ProductDocument["user_stories"][number]): string {
  return `As ${persona}, I want to ${action}, so that ${benefit}`;
}
