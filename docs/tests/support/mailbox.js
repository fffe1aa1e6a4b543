/** The token of a mail in the inbox of `devauth dev`. */

/** Waits until `count` mails with a link to `page` have come to `to`, and answers the token of the newest. */
export async function mailedToken(url, { to, page, count }) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { data } = await (await fetch(`${url}/dev/mail?format=json&to=${to}`)).json();
    const links = data.filter(({ link }) => link?.includes(`/${page}?token=`)).sort((a, b) => (a.date < b.date ? 1 : -1));
    if (links.length >= count) return new URL(links[0].link).searchParams.get("token");
    if (Date.now() > deadline) throw new Error(`only ${links.length} of ${count} mails to ${page} came`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
