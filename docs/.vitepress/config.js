import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";

import { groups } from "../site/reference.js";
import { links } from "../site/links.js";
import { anchor } from "../site/anchor.js";

const docs = new URL("../", import.meta.url);

/** A page of the sidebar. What is written in another branch appears when its file does. */
const page = (text, link) => ({ text, link });
const there = ({ link }) => existsSync(new URL(`${link.slice(1)}.md`, docs));

const sidebar = [
  { text: "Start", items: [page("What it is", "/index"), page("Getting started", "/getting-started")] },
  {
    text: "Concepts",
    items: [
      page("Events", "/concepts/events"),
      page("Read models", "/concepts/read-models"),
      page("Sessions", "/concepts/sessions"),
      page("Keys", "/concepts/keys"),
      page("Architecture", "/architecture"),
    ],
  },
  {
    text: "Guides",
    items: [
      page("React and FastAPI", "/guides/react-and-fastapi"),
      page("Server to server", "/guides/server-to-server"),
      page("Migrating users in", "/guides/migrating-users"),
      page("Self-hosting", "/guides/self-hosting"),
    ],
  },
  {
    text: "Reference",
    items: [
      page("All routes", "/reference/index"),
      ...groups.map(({ name, file }) => page(name, `/reference/${file.replace(".md", "")}`)),
      page("Objects", "/reference/objects"),
      page("Errors", "/errors"),
    ],
  },
  {
    text: "Running it",
    items: [
      page("Configuration", "/configuration"),
      page("Operating", "/operating"),
      page("Metrics", "/metrics"),
      page("Traces", "/tracing"),
      page("Auditing", "/auditing"),
      page("Scaling", "/scaling"),
      page("Security model", "/security"),
      page("Benchmarks", "/benchmarks"),
      page("Decisions", "/decisions/README"),
    ],
  },
].map((group) => ({ ...group, items: group.items.filter(there) }));

/** A page is served without its file's name. */
for (const { items } of sidebar) for (const item of items) item.link = item.link.replace(/(README|index)$/, "");

export default defineConfig({
  lang: "en",
  title: "DevAuth",
  description: "An authentication service for other people's applications, whose source of truth is a log of events.",
  base: process.env.SITE_BASE || "/",
  cleanUrls: false,
  // What the reader runs; all other dead links stop the build.
  ignoreDeadLinks: [/^http:\/\/localhost/],
  lastUpdated: false,
  srcExclude: ["site/**", "tests/**", "node_modules/**"],
  rewrites: { "decisions/README.md": "decisions/index.md" },
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${process.env.SITE_BASE || "/"}favicon.svg` }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    anchor: { slugify: anchor },
    config: (md) => md.use(links, { repository: process.env.SITE_REPOSITORY, revision: process.env.SITE_REVISION ?? "main" }),
  },
  // What the pages offer to download.
  buildEnd: ({ outDir }) => {
    for (const file of ["openapi.json", "postman.json"]) copyFileSync(new URL(file, docs), join(outDir, file));
  },
  themeConfig: {
    logo: { src: "/favicon.svg", alt: "" },
    nav: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Reference", link: "/reference/" },
      { text: "Errors", link: "/errors" },
    ],
    sidebar,
    outline: { level: [2, 3], label: "On this page" },
    search: { provider: "local", options: { detailedView: true } },
    socialLinks: process.env.SITE_REPOSITORY ? [{ icon: "github", link: process.env.SITE_REPOSITORY }] : [],
    docFooter: { prev: "Before", next: "Next" },
    externalLinkIcon: false,
  },
});
