import { PERSONAS } from "../personas.ts";
import type { MindPrompt } from "./mind-prompt.ts";

export const SIMPLIFIER: MindPrompt = {
  title: "The simplifier",
  thinks: PERSONAS.simplifier,
  asks: [
    "What would happen without this part?",
    "Which of this does somebody need who is not here today?",
    "Which two of these are the same thing?",
    "What would this look like if it could only be a single page?",
    "Which problem goes away when one requirement is read more simply?",
  ],
  hands_back: `Hand back what can go, with what would be lost by it; the smallest thing that would do from one end to the other; and what to add again first if it turns out to be too little.`,
};
