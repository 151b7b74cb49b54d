import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { type RunTree, runTree } from "../../views/run-tree.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines, oneLine } from "../render.ts";
import { type Asking, answerQuestion, askingOf } from "./answer/answer-question.ts";

/** `ouroboros answer ID [N] [TEXT]`: the questions that a run's agents have for a person, or the answer to one of them. */
export function answer(
  _cli: Cli,
  flags: SharedFlags,
  id: string,
  first?: string,
  second?: string,
): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const tree = await runTree(context, id);
    if (isRefusal(tree)) return tree;
    const asking = askingOf(tree);
    const meant = meantBy(tree, asking, first, second);
    if (isRefusal(meant)) return meant;
    const { questions, text } = meant;
    if (text === undefined)
      return { json: { session_id: tree.session_id, questions: questions.map(toJson) }, text: listed(tree, questions) };
    const [one] = questions;
    if (!one) throw new Error("An answer is to one question");
    const refused = await answerQuestion(context, tree, one, text);
    if (refused) return refused;
    const json = {
      session_id: tree.session_id,
      criterion: one.index,
      work_id: one.question.work_id,
      answer: text.trim(),
    };
    const next = tree.status === "running" ? [] : [`Go on: ouroboros resume ${tree.session_id}`];
    return { json, text: lines([`Answered the question of criterion ${one.index}: ${oneLine(text)}`, ...next]) };
  });
}

/** Which questions are meant, and the answer where one is given: a number alone names a question, any other text answers the only one. */
function meantBy(
  tree: RunTree,
  asking: readonly Asking[],
  first: string | undefined,
  second: string | undefined,
): { readonly questions: readonly Asking[]; readonly text: string | undefined } | Refusal {
  if (first === undefined) return { questions: asking, text: undefined };
  const isNumber = /^\d+$/.test(first);
  const named = isNumber ? asking.find(({ index }) => index === Number(first)) : undefined;
  if (named) return { questions: [named], text: second };
  const open = asking.map(({ index }) => index).join(", ");
  if (isNumber || second !== undefined) {
    return noQuestion(`No question of criterion ${first} waits for an answer`, tree, open);
  }
  if (asking.length === 1) return { questions: asking, text: first };
  if (asking.length === 0) return noQuestion(`No question of ${tree.session_id} waits for an answer`, tree, open);
  const next = `Name its criterion: ouroboros answer ${tree.session_id} N TEXT`;
  return refuse("which_question", `Several questions wait for an answer: those of criteria ${open}`, next);
}

function noQuestion(message: string, { session_id }: RunTree, open: string): Refusal {
  const next = open === "" ? `\`ouroboros status ${session_id}\` shows how it stands` : `These wait: ${open}`;
  return refuse("no_question", message, next);
}

function listed({ session_id }: RunTree, questions: readonly Asking[]): string {
  if (questions.length === 0) return lines(["No question waits for an answer."]);
  return lines(
    questions.flatMap(({ index, description, question }) => [
      `${index} ${oneLine(description)}`,
      `  ${oneLine(question.question)}`,
      ...(question.options.length === 0 ? [] : [`  options: ${question.options.map(oneLine).join(" | ")}`]),
      `  default: ${oneLine(question.default)}${until(question.expires_at)}`,
      `  answer:  ouroboros answer ${session_id} ${index} TEXT`,
    ]),
  );
}

function until(expires: string | null): string {
  return expires === null ? "" : ` (taken at ${expires.slice(0, 19).replace("T", " ")} UTC)`;
}

function toJson({ index, description, question }: Asking) {
  return { criterion: index, description, ...question };
}
