import { PERSONAS } from "../personas.ts";
import type { MindPrompt } from "./mind-prompt.ts";

export const HACKER: MindPrompt = {
  title: "The hacker",
  thinks: PERSONAS.hacker,
  asks: [
    "What exactly stops this: which rule, in which place, enforced by what?",
    "Which of these limits has been tried, and which has only been believed?",
    "Is there a way by which the obstacle never comes up?",
    "What do you have that was meant for something else and would do?",
    "What is the plainest thing that would work today?",
  ],
  hands_back: `Hand back the limits, each marked as tested or assumed; two or three ways around that use different means; and the one to take first, with how it can be seen within minutes whether it works. A way around that breaks what was agreed on is none.`,
};
