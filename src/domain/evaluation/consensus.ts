import type { Citation, Independence } from "./judgement.ts";

/** Why several are asked, the weightiest first; upstream's names and order. */
export const TRIGGERS = [
  "manual_request",
  "seed_modification",
  "ontology_evolution",
  "goal_interpretation",
  "seed_drift_alert",
  "stage2_uncertainty",
  "lateral_thinking_adoption",
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What a lone mind is asked as, one after the other; several minds each judge as themselves. */
export const PERSPECTIVES = ["advocate", "devils_advocate", "judge"] as const;
export type Perspective = (typeof PERSPECTIVES)[number];

/** What calls for more than one opinion. */
export interface Occasion {
  /** What is known from outside: asked for by somebody, or done to seed, ontology, goal or approach since the last verdict. */
  readonly known: readonly Exclude<Trigger, "seed_drift_alert" | "stage2_uncertainty">[];
  readonly drift: number;
  readonly uncertainty: number;
}

const DRIFT_ALERT = 0.3;
const UNCERTAIN = 0.3;
const NEEDED_VOTES = 2;

/** The weightiest reason to ask several, or null. */
export function consensusTrigger({ known, drift, uncertainty }: Occasion): Trigger | null {
  const present = new Set<Trigger>(known);
  if (drift > DRIFT_ALERT) present.add("seed_drift_alert");
  if (uncertainty > UNCERTAIN) present.add("stage2_uncertainty");
  return TRIGGERS.find((trigger) => present.has(trigger)) ?? null;
}

/** A line cited for one criterion. */
interface VoteCitation extends Citation {
  readonly criterion_key: string;
}

/** One opinion on the whole, less every citation that does not hold (`checkCitations`). */
export interface Vote {
  readonly by: { readonly mind: string; readonly model: string | null };
  readonly independence: Independence;
  /** What it was asked as; null where each judges as itself. */
  readonly perspective: Perspective | null;
  readonly approved: boolean;
  readonly confidence: number;
  readonly reasoning: string;
  readonly citations: readonly VoteCitation[];
}

export interface ConsensusTally {
  /** `none`: too few valid votes, so that nothing follows from them. */
  readonly outcome: "approved" | "rejected" | "none";
  readonly approvals: number;
  readonly valid: number;
  /** Asked, and no usable answer came. */
  readonly invalid: number;
  readonly votes: readonly Vote[];
  /** For a person: how much weight it has. */
  readonly label: string;
}

/** Counts votes: two thirds of at least two valid ones approve. Null is a vote that never came or did not fit. */
export function tallyVotes(votes: readonly (Vote | null)[]): ConsensusTally {
  const valid = votes.filter((vote) => vote !== null);
  const approvals = valid.filter(({ approved }) => approved).length;
  const enough = valid.length >= NEEDED_VOTES;
  const outcome = !enough ? "none" : approvals * 3 >= valid.length * 2 ? "approved" : "rejected";
  const counts = { approvals, valid: valid.length, invalid: votes.length - valid.length };
  return { outcome, ...counts, votes: valid, label: labelOf(valid, enough) };
}

function labelOf(votes: readonly Vote[], enough: boolean): string {
  if (!enough) return `no consensus: ${votes.length} of at least ${NEEDED_VOTES} valid votes`;
  const minds = new Set(votes.map(({ by }) => `${by.mind} ${by.model ?? ""}`)).size;
  const independent = votes.filter(({ independence }) => independence === "independent").length;
  const who = minds === 1 ? `one mind in ${votes.length} perspectives` : `${minds} minds`;
  return `${who}, ${independent} of ${votes.length} votes independent of who did the work`;
}

/** Somebody who works or judges: a runtime's or provider's name, and the model where it is known. */
export interface Maker {
  readonly name: string;
  readonly model: string | null;
}

/**
 * How far a judge is from everybody who has worked on what it judges. The same model is the same mind, wherever it runs; the
 * same program with a model nobody knows is taken for it, too.
 */
export function independenceOf(worked: readonly Maker[], judge: Maker): Independence {
  const found = new Set(worked.map((maker) => between(maker, judge)));
  // Nearest first: who has done any of the work has not become independent of it because others worked, too.
  const nearest = (["self", "same_vendor", "unverified", "independent"] as const).find((one) => found.has(one));
  return nearest ?? "unverified";
}

function between(worker: Maker, judge: Maker): Independence {
  const [made, judges] = [modelName(worker.model), modelName(judge.model)];
  if (made !== null && made === judges) return "self";
  if (worker.name === judge.name && (made === null || judges === null)) return "self";
  const [ours, theirs] = [vendorOf(worker), vendorOf(judge)];
  if (ours === null || theirs === null) return "unverified";
  return ours === theirs ? "same_vendor" : "independent";
}

/** Without the provider before it and the date behind it. */
function modelName(model: string | null): string | null {
  const name = model
    ?.toLowerCase()
    .replace(/^.*\//u, "")
    .replace(/[-@:](?:\d{8}|\d{4}-\d\d-\d\d|latest)$/u, "");
  return name || null;
}

/** Who makes a model, by what models are called. */
const MODEL_VENDORS: readonly (readonly [name: RegExp, vendor: string])[] = [
  [/claude|^(?:opus|sonnet|haiku)\b/u, "anthropic"],
  [/^(?:gpt|chatgpt|codex|o\d)/u, "openai"],
  [/gemini|gemma/u, "google"],
  [/mistral|mixtral|codestral|devstral|magistral/u, "mistral"],
  [/deepseek/u, "deepseek"],
  [/qwen|qwq/u, "alibaba"],
  [/llama/u, "meta"],
  [/grok/u, "xai"],
  [/kimi|moonshot/u, "moonshot"],
  [/^glm/u, "zhipu"],
];

/** Programs and providers that speak for one vendor's models; all others serve anybody's. */
const NAME_VENDORS: Readonly<Record<string, string>> = {
  claude: "anthropic",
  "claude-acp": "anthropic",
  anthropic: "anthropic",
  codex: "openai",
  "codex-acp": "openai",
  openai: "openai",
  gemini: "google",
  google: "google",
  qwen: "alibaba",
  kimi: "moonshot",
};

function vendorOf({ name, model }: Maker): string | null {
  const known = modelName(model);
  const byModel = known === null ? undefined : MODEL_VENDORS.find(([pattern]) => pattern.test(known))?.[1];
  if (byModel !== undefined) return byModel;
  // A program may be told to use a model of somebody else's that nobody here has heard of.
  return known === null && Object.hasOwn(NAME_VENDORS, name) ? (NAME_VENDORS[name] ?? null) : null;
}
