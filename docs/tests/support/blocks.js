/** The code on a page, and what is to be done with it. */

const BLOCK = /(?:<!-- (?<directive>(?:(?!-->)[\s\S])*) -->\n)?^```(?<language>\w*)\n(?<code>[\s\S]*?)\n```$/gm;

/**
 * Blocks in order: `{ language, code, line, directive, argument }`. A comment just before a block is its directive:
 * `not run: why`, `from: a file that has these lines`, `run: what the reader has done meanwhile`, `serve: where the command, which goes on
 * running, will answer`.
 */
export function blocks(page) {
  return [...page.matchAll(BLOCK)].map(({ groups: { directive, language, code }, index }) => {
    const [, name, argument] = /^([a-z ]+): ?([\s\S]*)$/.exec(directive ?? "") ?? [];
    return { language, code, line: page.slice(0, index).split("\n").length, directive: name, argument };
  });
}

/** Where the page's examples begin. */
export const beginning = (page) => /^<!-- begin: (\w+) -->$/m.exec(page)?.[1] ?? "nothing";
