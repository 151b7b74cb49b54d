// A product's document: the page for people, its files, what is read of upstream's, and what a developer's interview begins with.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { transcriptHash } from "../../src/domain/interview/interview.ts";
import { isUntouched, prdMarkdown, sealed } from "../../src/domain/product/prd-markdown.ts";
import { type ProductDocument, readProductDocument } from "../../src/domain/product/product-document.ts";
import { readInterview } from "../../src/store/interviews.ts";
import { readProductFacts, saveProductDocument } from "../../src/store/product-documents.ts";
import type { Store } from "../../src/store/store.ts";
import { recordAnswer } from "../../src/workflows/interview/record-answer.ts";
import { startInterview } from "../../src/workflows/interview/start-interview.ts";
import { isProductFile, toInterviewContext } from "../../src/workflows/product/product-context.ts";
import { writeProductFiles } from "../../src/workflows/product/write-product-files.ts";
import { givenStore } from "../support/given-store.ts";

const ID = "interview_0123456789abcdef";
const PM_ID = `pm_seed_${ID}`;
const document: ProductDocument = {
  pm_id: PM_ID,
  product_name: "Shopping list",
  goal: "A family shops once",
  user_stories: [{ persona: "a parent", action: "see what is missing", benefit: "nobody buys it twice" }],
  constraints: ["It works on trains"],
  success_criteria: ["Nothing is bought twice in a month"],
  decide_later_items: ["Which stores"],
  assumptions: ["Everybody has a phone"],
  interview_id: ID,
  codebase_context: null,
  brownfield_repos: [{ path: "/src/till", name: "till" }],
  created_at: "2026-01-02T03:04:05+00:00",
  out_of_scope: ["Paying"],
  technical_questions: ["Which database"],
  ambiguity_score: 0.1,
  forced: false,
  provenance: [
    { path: "goal", by: "person", sources: [{ round: 0, question: "", quote: "a family" }] },
    { path: "constraints.0", by: "person", sources: [{ round: 2, question: "Where?", quote: "on trains" }] },
    { path: "out_of_scope.0", by: "person", sources: [{ round: 2, question: "Where?", quote: "no money" }] },
  ],
};

describe("the page", () => {
  test("has every part, and each statement points to the answers it comes from", () => {
    const page = prdMarkdown(document);
    const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      "Goal",
      "User stories",
      "How success is seen",
      "Constraints",
      "Taken for granted",
      "Out of scope",
      "Decide later",
      "Technical questions for whoever builds it",
      "Existing code",
      "Where it was said",
    ]);
    expect(page).toContain("- It works on trains [^2]\n");
    expect(page).toContain("- Paying [^2]\n");
    expect(page).toContain("A family shops once [^0]\n");
    expect(page).toContain("[^0]: The idea: “a family”\n[^2]: Round 2, Where?: “on trains” · “no money”\n");
    expect(page).toContain("As a parent, I want to see what is missing, so that nobody buys it twice");
  });

  test("leaves parts out that there are none of", () => {
    expect(prdMarkdown({ ...document, decide_later_items: [], brownfield_repos: [] })).not.toMatch(
      /Decide later|Existing/,
    );
  });

  test("is no place for anybody's markup: words stay on their line, and tags and references are words", () => {
    const page = prdMarkdown({
      ...document,
      constraints: ["a\n\n# Goal\u001b[2J\n<script>x</script> [^9] ![i](http://x)"],
    });
    expect(page).toContain("- a # Goal \\[2J &lt;script>x&lt;/script> \\[^9\\] !\\[i\\](http://x) [^2]\n");
    expect(page.match(/^# /gm)).toHaveLength(1);
  });

  test("shows whether somebody has written into it", () => {
    const page = sealed(prdMarkdown(document));
    expect(isUntouched(page)).toBe(true);
    expect(isUntouched(page.replace("trains", "boats"))).toBe(false);
    expect(isUntouched(`${page}P.S.`)).toBe(false);
    expect(isUntouched(prdMarkdown(document))).toBe(false);
  });
});

describe("a document's text", () => {
  test("is read as it was written", () => {
    expect(readProductDocument(JSON.stringify(document))).toEqual(document);
  });

  test("of upstream's is read too, JSON and YAML, under its older names", () => {
    const written = `pm_id: ${PM_ID}\nproduct_name: List\ngoal: Shop once\ndeferred_items: [Which cache]\ndeferred_decisions: [Prices]\nreferenced_repos:\n- {path: /src/till, name: till, desc: a till}\nseed: null\n`;
    expect(readProductDocument(written)).toMatchObject({
      goal: "Shop once",
      technical_questions: ["Which cache"],
      decide_later_items: ["Prices"],
      brownfield_repos: [{ path: "/src/till", name: "till" }],
      user_stories: [],
    });
  });

  test.each([
    ["prose", "Build me a list"],
    ["a seed", "goal: x\nacceptance_criteria: [y]\n"],
    ["one with stories that are none", JSON.stringify({ ...document, user_stories: ["x"] })],
    [
      "a bomb",
      `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\npm_id: p\n${"d: [*c,*c,*c,*c,*c,*c,*c,*c]\n"}${"e".repeat(1_000_001)}`,
    ],
  ])("is told from %s", (_, text) => {
    expect(readProductDocument(text)).toBeUndefined();
    expect(toInterviewContext(text)).toBe(text);
  });

  test("becomes its page where a developer's interview begins with it", () => {
    expect(toInterviewContext(JSON.stringify(document))).toBe(prdMarkdown(document));
    expect(toInterviewContext(sealed(prdMarkdown(document)))).toBe(sealed(prdMarkdown(document)));
  });
});

describe("a document in the store", () => {
  const by = { mind: "test", model: null };

  test("is the first one that was made of a transcript, whoever else makes one at the same time", async () => {
    await using given = await givenStore();
    const { store } = given.context;
    const hash = await begunInterview(store);
    const save = (text: string) =>
      saveProductDocument(store, ID, { pmId: PM_ID, transcriptHash: hash, text, forced: false, by });
    const saved = await Promise.all([save("one"), save("two"), save("three")]);
    expect(new Set(saved).size).toBe(1);
    expect(await save("four")).toEqual(saved[0]);
    expect((await readProductFacts(store, ID, hash)).document).toBe(String(saved[0]));
    expect(await given.sql("SELECT 1 FROM events WHERE event_type = 'pm.document.created'")).toHaveLength(1);
    expect(await given.sql("SELECT 1 FROM ouro_blob")).toHaveLength(1);
  });

  test("is not made of what has been said since in other words", async () => {
    await using given = await givenStore();
    const { store } = given.context;
    const hash = await begunInterview(store);
    const asked = { question: "For whom?", answer: "Families", by: "test" };
    await recordAnswer(store, ID, asked);
    const late = await saveProductDocument(store, ID, {
      pmId: PM_ID,
      transcriptHash: hash,
      text: "x",
      forced: true,
      by,
    });
    expect(late).toMatchObject({ refused: true, code: "interview_moved" });
    expect(await given.sql("SELECT 1 FROM ouro_blob")).toEqual([]);
  });

  async function begunInterview(store: Store): Promise<string> {
    const start = {
      context: "A list",
      kind: "product",
      cwd: null,
      project: null,
      interviewId: ID,
      by: "test",
    } as const;
    await startInterview(store, start);
    const interview = await readInterview(store, ID);
    if (!interview) throw new Error("It did not begin");
    return transcriptHash(interview);
  }
});

describe("the files", () => {
  let home: string;
  let project: string;
  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-home-")));
    project = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-project-")));
  });
  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
    await rm(project, { recursive: true, force: true });
  });
  const markdown = prdMarkdown(document);
  const write = (cwd: string | null, text = markdown) =>
    writeProductFiles({ home, cwd }, { pmId: PM_ID, json: "{}\n", markdown: text });
  const besideSeed = () => join(home, "seeds", `${PM_ID}.md`);

  test("are the page in the project and the document under the home, for this user only; again they are replaced", async () => {
    const files = await write(project, "# Before\n");
    expect(files).toEqual({
      seedPath: join(home, "seeds", `${PM_ID}.json`),
      pagePath: join(project, ".ouroboros", "pm.md"),
      problem: null,
    });
    expect(await write(project)).toEqual(files);
    expect(await readFile(String(files.pagePath), "utf8")).toBe(sealed(markdown));
    expect((await lstat(String(files.seedPath))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(project, ".ouroboros"))).toEqual(["pm.md"]);
    expect(await readdir(join(home, "seeds"))).toEqual([`${PM_ID}.json`]);
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      "a folder that is a link",
      async () => {
        await mkdir(join(home, "elsewhere"));
        await symlink(join(home, "elsewhere"), join(project, ".ouroboros"));
      },
    ],
    ["a link that leads nowhere", () => symlink(join(home, "no"), join(project, ".ouroboros"))],
    ["a file of the folder's name", () => writeFile(join(project, ".ouroboros"), "mine")],
    [
      "a page that is a link",
      async () => {
        await mkdir(join(project, ".ouroboros"));
        await writeFile(join(home, "other.md"), sealed(markdown));
        await symlink(join(home, "other.md"), join(project, ".ouroboros", "pm.md"));
      },
    ],
    [
      "a page that somebody wrote into",
      async () => {
        await mkdir(join(project, ".ouroboros"));
        await writeFile(join(project, ".ouroboros", "pm.md"), `${sealed(markdown)}my notes`);
      },
    ],
  ])("never go through or over %s: the page is then beside the document, and it is said why", async (_, prepare) => {
    await prepare();
    const before = await treeOf(project);
    const files = await write(project);
    expect(files.pagePath).toBe(besideSeed());
    expect(files.problem).toContain(project);
    expect(await treeOf(project)).toEqual(before);
    expect((await readdir(home)).filter((name) => name.endsWith(".md") && name !== "other.md")).toEqual([]);
  });

  test("stay under the home where there is no project: no folder, a file, the user's own folder, the root", async () => {
    await writeFile(join(project, "file"), "");
    for (const cwd of [null, join(project, "gone"), join(project, "file"), homedir(), "/"]) {
      expect((await write(cwd)).pagePath).toBe(besideSeed());
    }
  });

  test("that cannot be written are said to be missing, and cost nothing else", async () => {
    await writeFile(join(home, "seeds"), "in the way");
    await chmod(home, 0o700);
    const files = await write(project);
    expect(files).toMatchObject({ seedPath: null, pagePath: join(project, ".ouroboros", "pm.md") });
    expect(files.problem).toContain("seeds");
  });

  test("are the only ones by whose name a developer's interview may begin with them", () => {
    const may = (real: string) => isProductFile(real, { home, project });
    expect(may(join(project, ".ouroboros", "pm.md"))).toBe(true);
    expect(may(join(home, "seeds", `${PM_ID}.json`))).toBe(true);
    expect(may(besideSeed())).toBe(true);
    expect(may(join(project, ".ouroboros", "config.yaml"))).toBe(false);
    expect(may(join(home, "credentials.yaml"))).toBe(false);
    expect(may(join(home, "seeds", "seed_0a1b2c3d4e5f.yaml"))).toBe(false);
    expect(may(join(home, "seeds", "pm_seed_interview_a", "x.json"))).toBe(false);
  });
});

/** Every entry below a folder with what it is and holds; links are not followed. */
async function treeOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const told = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path} ${entry.isSymbolicLink() ? "link" : entry.isFile() ? await readFile(path, "utf8") : "folder"}`;
  });
  return (await Promise.all(told)).sort();
}
