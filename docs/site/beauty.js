/**
 * What differs from run to run, in the form in which the pages show it: ids, tokens, keys and times become fixed ones, of the same kind.
 * The same id stays the same throughout, so that an answer that names another user than before still differs.
 */

const ID = /\b([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}\b/g;
const STEM = "01ja3vks5re0b8n1q2s4t6v8";
const TIME = "2026-05-04T09:12:30.482913Z";
const RULES = [
  [/\beyJ[\w-]+(\.[\w-]+)*…?/g, "eyJ0eXAiOiJhdCtqd3QiLCJhbGci…"],
  [/\bdvr_[\w-]+…?/g, "dvr_AaIKzhdeePuJ4WJAQChhEw…"],
  [/\bdvs_[\w-]+…?/g, "dvs_8rOkaBZ4q3PBo92l…"],
  [/\bdvt_[\w-]+…?/g, "dvt_zPLGqrqDanbhkKfU…"],
  [/\bdvk_(sk|pk)_\w{6}\b(?!…)/g, "dvk_$1_4XBjuq"],
  [/\bdvk_(sk|pk)_\w{7,}…?|\bdvk_(sk|pk)_\w{6}…/g, (_, one, other) => `dvk_${one ?? other}_4XBjuq…`],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, TIME],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "01932d5e-8a3b-7c1d-9f4e-2b6a7c8d9e0f"],
  [/\bhttp:\/\/(localhost|127\.0\.0\.1):\d+/g, "http://localhost:8080"],
  [/\bcurl\/[\d.]+/g, "curl/8.14.1"],
];
/** As long after the fixed time as it was after what it belongs to, in whole seconds. */
const later = (milliseconds) => {
  const moment = new Date(Date.parse(TIME) + Math.round(milliseconds / 1000) * 1000);
  return moment.toISOString().replace(/\.\d+/, TIME.slice(19, 26));
};

/** Members that are recognised by their name. */
const MEMBERS = {
  expires_at: (value, { created_at, at }) => later(Date.parse(value) - Date.parse(created_at ?? at)),
  refresh_expires_in: (value) => Math.ceil(value / 60) * 60,
  iat: () => 1777885950,
  exp: () => 1777886850,
  date: () => TIME.slice(0, 10),
  kid: () => "azo5129yt1qoic3FkjZE…",
  n: () => "0riAoTsvpKG6tpPv8AlSl1Og…",
  next_cursor: (value) => (value === null || /^\d+$/.test(value) ? value : "AAZg-jULSJXfZCs0PCtf…"),
};

export class Beauty {
  #ids = new Map();

  text(text) {
    const named = text.replace(ID, (id, kind) => this.#id(id, kind));
    return RULES.reduce((done, [pattern, instead]) => done.replace(pattern, instead), named);
  }

  /** The same for a value of JSON. */
  json(value) {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.json(item));
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => {
      const known = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
      return [name, known === undefined ? this.json(member) : known(member, value)];
    });
    return Object.fromEntries(members);
  }

  #id(id, kind) {
    const same = [...this.#ids.values()].filter((other) => other.startsWith(kind)).length;
    if (!this.#ids.has(id)) this.#ids.set(id, `${kind}_${STEM}${"wxyz0123456789"[same % 14]}${"xkmpq"[Math.floor(same / 14)]}`);
    return this.#ids.get(id);
  }
}
