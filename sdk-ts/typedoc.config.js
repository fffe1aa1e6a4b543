import { OptionDefaults } from "typedoc";

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "@devauth/sdk",
  entryPoints: ["src/index.ts", "src/server.ts", "src/react.ts", "src/node.ts"],
  out: "docs",
  readme: "README.md",
  // The generated types use one more than TSDoc has.
  blockTags: [...OptionDefaults.blockTags, "@description"],
  treatWarningsAsErrors: true,
  validation: { invalidLink: true, notExported: false },
  disableSources: true,
};
