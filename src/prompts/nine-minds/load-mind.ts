import type { Persona } from "../../domain/run/stagnation.ts";
import type { MindPrompt } from "./mind-prompt.ts";

/** Upstream's nine minds. */
export const MINDS = [
  "socratic-interviewer",
  "ontologist",
  "seed-architect",
  "evaluator",
  "contrarian",
  "hacker",
  "simplifier",
  "researcher",
  "architect",
] as const;
export type MindName = (typeof MINDS)[number];

/** A mind by its name; only the one that is asked for is loaded. */
export async function loadMind(name: MindName): Promise<MindPrompt> {
  switch (name) {
    case "socratic-interviewer":
      return (await import("./socratic-interviewer.ts")).SOCRATIC_INTERVIEWER;
    case "ontologist":
      return (await import("./ontologist.ts")).ONTOLOGIST;
    case "seed-architect":
      return (await import("./seed-architect.ts")).SEED_ARCHITECT;
    case "evaluator":
      return (await import("./evaluator.ts")).EVALUATOR;
    case "contrarian":
      return (await import("./contrarian.ts")).CONTRARIAN;
    case "hacker":
      return (await import("./hacker.ts")).HACKER;
    case "simplifier":
      return (await import("./simplifier.ts")).SIMPLIFIER;
    case "researcher":
      return (await import("./researcher.ts")).RESEARCHER;
    case "architect":
      return (await import("./architect.ts")).ARCHITECT;
  }
}

/** Those of the nine that help somebody who is stuck. */
export const LATERAL_MINDS = [
  "hacker",
  "researcher",
  "simplifier",
  "architect",
  "contrarian",
] as const satisfies readonly (MindName & Persona)[];
