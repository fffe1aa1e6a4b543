/** The anchor of a heading, as forges make them and as tests/docs.rs checks them: a page's links work in both places. */
export const anchor = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(" ", "-")
    .replace(/[^\p{L}\p{N}_-]/gu, "");
