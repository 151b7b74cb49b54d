import { describe, expect, test } from "bun:test";
import { drawStory } from "../../scripts/story/draw-story.ts";
import { type Span, screenOf } from "../../scripts/story/screen.ts";

const textOf = (lines: readonly (readonly Span[])[]) => lines.map((line) => line.map(({ text }) => text).join(""));
const PLAIN = { colour: -1, isBold: false, isDim: false };

describe("what a terminal shows in the end", () => {
  test.each([
    ["lines", "one\r\ntwo\r\n", ["one", "two"]],
    ["what was written over", "abc\rx", ["xbc"]],
    ["what was erased and written anew above", "one\r\ntwo\r\n\u001b[2A\u001b[Jthree\r\n", ["three"]],
    ["the rest of a line gone", "abc\u001b[1G\u001b[1C\u001b[K!", ["a!"]],
    ["a long line in two", "abcdefghijkl", ["abcdefghij", "kl"]],
    ["nothing of titles and modes", "\u001b]0;title\u0007\u001b[?25l\u001b(B\u001b[>4m\u001b[<ua\u001b[?25h", ["a"]],
    ["letters of any script, each in its place", "机é\u001b[1Dx", ["机x"]],
  ])("%s", (_, output, shown) => {
    expect(textOf(screenOf(output, 10))).toEqual(shown);
  });

  test("colours and weights, until they are taken back", () => {
    expect(screenOf("\u001b[1;32mok\u001b[0m \u001b[2mdim\u001b[22m", 80)).toEqual([
      [
        { text: "ok", colour: 2, isBold: true, isDim: false },
        { text: " ", ...PLAIN },
        { text: "dim", colour: -1, isBold: false, isDim: true },
      ],
    ]);
  });
});

test("a picture keeps what was typed and shown, says how much it leaves out, and is sound XML whatever was shown", () => {
  const line = (text: string) => [{ text, ...PLAIN }];
  const shown = Array.from({ length: 40 }, (_, index) => line(`<line & ${index}>`));
  const picture = drawStory([{ typed: "ouroboros run a && b", shown, ms: 1_234 }], "1.2.3");
  const text = picture.replaceAll(/<[^>]*>/g, "");
  expect(text).toContain("$ ouroboros run a &amp;&amp; b  1.2 s");
  expect(text).toContain("&lt;line &amp; 0&gt;");
  expect(text).toContain("⋯ 30 lines");
  expect(text).not.toContain("line &amp; 20&gt;");
  expect(text).toContain("&lt;line &amp; 39&gt;");
  expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
});
