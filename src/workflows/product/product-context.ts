import { basename, dirname, join } from "node:path";
import { prdMarkdown } from "../../domain/product/prd-markdown.ts";
import { readProductDocument } from "../../domain/product/product-document.ts";

/** Is this one of the files a product's requirements are written to? They are named as what a developer's interview begins with. */
export function isProductFile(
  real: string,
  { home, project }: { readonly home: string; readonly project: string },
): boolean {
  if (real === join(project, ".ouroboros", "pm.md")) return true;
  return dirname(real) === join(home, "seeds") && /^pm_seed_interview_[a-z0-9_]+\.(json|md)$/.test(basename(real));
}

/** What an interview with a developer begins with: a product's document as its page, any other text as it stands. */
export function toInterviewContext(text: string): string {
  const document = readProductDocument(text);
  return document ? prdMarkdown(document) : text;
}
