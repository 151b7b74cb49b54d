import { type Dimension, FLOORS, weightsOf } from "./dimensions.ts";

/** Words of a round that support a claim: round 0 is what the interview began with. */
export interface Citation {
  readonly round: number;
  readonly quote: string;
}

/** How clear somebody says a dimension is (0 to 1), and on what grounds. */
export interface Claim {
  readonly clarity: number;
  readonly citations: readonly Citation[];
  readonly why: string;
}

export type Claims = Readonly<Partial<Record<Dimension, Claim>>>;

/** A dimension as it counts. */
interface Clarity {
  readonly name: Dimension;
  readonly clarity: number;
  readonly weight: number;
  readonly floor: number;
  readonly meets_floor: boolean;
  /** The rounds it rests on. */
  readonly cited_rounds: readonly number[];
  readonly why: string;
}

export interface Assessment {
  /** 0 is clear, 1 is not at all: 1 − Σ clarity · weight, to four digits. */
  readonly ambiguity: number;
  readonly dimensions: readonly Clarity[];
  /** The one that keeps most from being clear. */
  readonly weakest: Dimension;
  /** At most 0.2, and no dimension below its floor. */
  readonly ready: boolean;
}

export const READY_AT = 0.2;

/**
 * Computes ambiguity from claims (formula: upstream's `bigbang/ambiguity.py`). A claim without a citation counts nothing, one
 * that is missing or not a number neither; the weights of the dimensions that apply sum to 1.
 */
export function assess(claims: Claims, isBrownfield: boolean): Assessment {
  const weights = weightsOf(isBrownfield);
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  const dimensions = weights.map(({ name, weight }) => toClarity(name, weight / total, claims[name]));
  const ambiguity = rounded(1 - dimensions.reduce((sum, { clarity, weight }) => sum + clarity * weight, 0));
  const ready = ambiguity <= READY_AT && dimensions.every(({ meets_floor }) => meets_floor);
  return { ambiguity, dimensions, weakest: weakestOf(dimensions), ready };
}

function toClarity(name: Dimension, weight: number, claim: Claim | undefined): Clarity {
  const cited_rounds = [...new Set(claim?.citations.map(({ round }) => round))].sort((a, b) => a - b);
  const clarity = cited_rounds.length === 0 ? 0 : between0And1(claim?.clarity ?? 0);
  const floor = FLOORS[name];
  const why = claim?.why ?? "Nothing has been said about it";
  return { name, clarity, weight: rounded(weight), floor, meets_floor: clarity >= floor, cited_rounds, why };
}

/** One below its floor goes before one that only weighs more. */
function weakestOf(dimensions: readonly Clarity[]): Dimension {
  const lack = ({ clarity, weight, floor, meets_floor }: Clarity) =>
    meets_floor ? (1 - clarity) * weight : 1 + floor - clarity;
  const [first] = dimensions.toSorted((a, b) => lack(b) - lack(a));
  return first?.name ?? "goal";
}

function between0And1(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

function rounded(value: number): number {
  return Math.round(between0And1(value) * 10_000) / 10_000;
}
