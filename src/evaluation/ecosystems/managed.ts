import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { byTool, type Candidate } from "../declared.ts";
import type { ProjectFolder } from "../project-folder.ts";

/** Maven, by the wrapper that the project brings where it does. */
export async function mavenChecks(project: ProjectFolder, root: string): Promise<Candidate[]> {
  const file = "pom.xml";
  if (!project.files.has(file)) return [];
  const maven = (await isWrapper(root, "mvnw")) ? "./mvnw" : "mvn";
  return [byTool("build", file, `${maven} -B compile`), byTool("test", file, `${maven} -B test`)];
}

/** Gradle, without leaving its daemon behind. */
export async function gradleChecks(project: ProjectFolder, root: string): Promise<Candidate[]> {
  const file = project.firstOf("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts");
  if (file === undefined) return [];
  const gradle = `${(await isWrapper(root, "gradlew")) ? "./gradlew" : "gradle"} --no-daemon --console=plain`;
  return [byTool("build", file, `${gradle} assemble`), byTool("test", file, `${gradle} test`)];
}

/** .NET: by the one solution or, without any, the one project of the folder; of several nobody knows which is meant. */
export async function dotnetChecks(project: ProjectFolder): Promise<Candidate[]> {
  const ending = (pattern: RegExp) => [...project.files].filter((name) => pattern.test(name));
  const solutions = ending(/\.slnx?$/);
  const [file, ...more] = solutions.length > 0 ? solutions : ending(/\.(?:cs|fs|vb)proj$/);
  if (file === undefined || more.length > 0) return [];
  return [byTool("build", file, "dotnet build --nologo"), byTool("test", file, "dotnet test --nologo")];
}

/** Is a wrapper there, itself and no link, and may it be run? */
export async function isWrapper(root: string, name: string): Promise<boolean> {
  try {
    const found = await lstat(join(root, name));
    return found.isFile() && (process.platform === "win32" || (found.mode & 0o111) !== 0);
  } catch {
    return false; // Not there, or not ours to see.
  }
}
