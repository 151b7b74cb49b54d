/** More places than an answer has; a text that is nothing but brackets must not cost its length squared. */
const MOST_STARTS = 50;

/** The JSON values a model's text may mean, likeliest first: all of it, what stands in fences, then each object in it. */
export function* jsonIn(text: string): Generator<unknown> {
  const whole = parse(text);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  for (const [, fenced = ""] of text.matchAll(/```[\w-]*[ \t]*\r?\n([\s\S]*?)```/g)) {
    const value = parse(fenced);
    if (value !== undefined) yield value;
  }
  let from = text.indexOf("{");
  for (let starts = 0; from !== -1 && starts < MOST_STARTS; starts++) {
    const end = endOfObject(text, from);
    const value = end === undefined ? undefined : parse(text.slice(from, end));
    if (value !== undefined) yield value;
    from = text.indexOf("{", value === undefined ? from + 1 : end);
  }
}

/** Where the object that begins here ends: brackets count outside of strings only. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inString && character === "\\") at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim());
  } catch {
    return undefined; // the next place may hold it
  }
}
