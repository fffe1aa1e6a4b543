/**
 * Links that lead out of docs/, to a source file or to another folder's page, lead to the repository, if the site knows which that
 * is (`SITE_REPOSITORY`, an URL); otherwise their text stays. openapi.json and postman.json are files of the site.
 */
import { posix } from "node:path";

export function links(md, { repository, revision }) {
  md.core.ruler.push("links-out-of-docs", ({ env, tokens }) => {
    const folder = posix.dirname(env.relativePath ?? "");
    for (const { children } of tokens) if (children) rewrite(children, folder, { repository, revision });
  });
}

function rewrite(children, folder, { repository, revision }) {
  let dropped = 0;
  for (const token of children) {
    if (token.type === "link_open") {
      const href = token.attrGet("href");
      const place = posix.normalize(posix.join("docs", folder, href));
      const outside = !/^(\w+:|#|\/)/.test(href) && !place.startsWith("docs/");
      const file = /^(openapi|postman)\.json$/.exec(place.slice("docs/".length));
      if (file) {
        token.attrSet("href", `/${file[0]}`);
        token.attrSet("target", "_self");
        token.attrSet("download", file[0]);
      } else if (outside && repository) token.attrSet("href", `${repository}/blob/${revision}/${place}`);
      else if (outside) {
        token.type = "text";
        token.tag = "";
        dropped += 1;
      }
    } else if (token.type === "link_close" && dropped > 0) {
      token.type = "text";
      token.tag = "";
      dropped -= 1;
    }
  }
}
