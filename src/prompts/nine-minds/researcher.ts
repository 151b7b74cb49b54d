import { PERSONAS } from "../personas.ts";
import type { MindPrompt } from "./mind-prompt.ts";

export const RESEARCHER: MindPrompt = {
  title: "The researcher",
  thinks: PERSONAS.researcher,
  asks: [
    "What is known here, and what is only supposed?",
    "What really happens, step by step, and where does it first differ from what should?",
    "Where is this written down: the code, the manual, the history of the file?",
    "What is the smallest trial that tells two explanations apart?",
    "Who has met this before, and what was it then?",
  ],
  hands_back: `Hand back what was found out, each with where it was seen; what is still unknown; and the one trial or the one place to read that would settle most. Propose a change only where the facts ask for it.`,
};
