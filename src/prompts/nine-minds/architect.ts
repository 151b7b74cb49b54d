import { PERSONAS } from "../personas.ts";
import type { MindPrompt } from "./mind-prompt.ts";

export const ARCHITECT: MindPrompt = {
  title: "The architect",
  thinks: PERSONAS.architect,
  asks: [
    "Which two parts change together every time, and why are they two?",
    "Who owns this data, and who else writes it?",
    "In which order do things happen, and what if they happen in another?",
    "If this were begun today, would it be built this way?",
    "What is the smallest change of structure after which both could hold?",
  ],
  hands_back: `Hand back what depends on what, as it is; the one place where the structure makes this hard; the change that would make it easy, in steps each of which leaves everything working; and what it costs.`,
};
