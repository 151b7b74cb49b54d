import * as v from "valibot";

const Bound = v.nullable(v.pipe(v.number(), v.minValue(0)));

/** What a run may take before it stops for somebody to decide; null is no bound. */
export interface Ceiling {
  readonly hours: number | null;
  readonly tokens: number | null;
  readonly cost_usd: number | null;
}

/** A ceiling as an order or a row names it. */
export const CeilingShape = v.object({ hours: Bound, tokens: Bound, cost_usd: Bound });

/** The lower of each two bounds. */
export function tighter(a: Ceiling, b: Ceiling): Ceiling {
  const least = (one: number | null, other: number | null) =>
    one === null || other === null ? (one ?? other) : Math.min(one, other);
  return {
    hours: least(a.hours, b.hours),
    tokens: least(a.tokens, b.tokens),
    cost_usd: least(a.cost_usd, b.cost_usd),
  };
}

/** What a run has taken so far. Tokens and money are what agents reported: null where none did, too little where some did not. */
export interface Spent {
  readonly hours: number;
  readonly tokens: number | null;
  readonly cost_usd: number | null;
  readonly agents: number;
  readonly agents_with_tokens: number;
  readonly agents_with_cost: number;
}

/** What one agent says that it took. */
export interface Reported {
  /** What came from a cache is among them. */
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cost_usd: number | null;
}

/** A bound for those who name none: a night's work, and no more money than a surprise may cost. */
export const DEFAULT_CEILING: Ceiling = { hours: 12, tokens: 30_000_000, cost_usd: 50 };

/** Sums up what each agent reported; null is an agent that reported nothing. Nothing is estimated. */
export function spentOf(usages: readonly (Reported | null)[], hours: number): Spent {
  const tokens = usages.flatMap((usage) => sumOf([usage?.input_tokens, usage?.output_tokens]) ?? []);
  const costs = usages.flatMap((usage) => usage?.cost_usd ?? []);
  return {
    hours,
    tokens: sumOf(tokens),
    cost_usd: sumOf(costs),
    agents: usages.length,
    agents_with_tokens: tokens.length,
    agents_with_cost: costs.length,
  };
}

/** The first bound that is reached. What nobody reported reaches none, which is why time has one of its own. */
export function overCeiling(spent: Spent, ceiling: Ceiling): keyof Ceiling | null {
  const bounds = ["hours", "tokens", "cost_usd"] as const;
  return bounds.find((which) => isReached(spent[which], ceiling[which])) ?? null;
}

/** How much of the sums is missing, in words for a person; empty when everything was reported. */
export function unreportedOf({ agents, agents_with_tokens, agents_with_cost }: Spent): string[] {
  const counts = [
    [agents_with_tokens, "tokens"],
    [agents_with_cost, "cost"],
  ] as const;
  return counts
    .filter(([count]) => count < agents)
    .map(([count, what]) => `${count} of ${agents} ${agents === 1 ? "agent" : "agents"} reported ${what}`);
}

function isReached(spent: number | null, bound: number | null): boolean {
  return spent !== null && bound !== null && spent >= bound;
}

function sumOf(numbers: readonly (number | null | undefined)[]): number | null {
  const known = numbers.filter((number) => typeof number === "number");
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0);
}
