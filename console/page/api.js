// The requests that the page makes. Every failure is an Error whose message a person can read.

export class Unauthorized extends Error {}

// maxPages bounds what the page lists: ten pages of a hundred.
const maxPages = 10;
const patience = 15_000;

// serverAhead is by how much the server's clock is ahead of this one, in milliseconds; ages are told by the server's clock.
let serverAhead = 0;

export function serverNow() {
  return Date.now() + serverAhead;
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(patience), ...options });
  } catch (cause) {
    const slow = cause.name === "TimeoutError";
    throw new Error(slow ? "The server does not answer." : "The server cannot be reached.", { cause });
  }
  const date = Date.parse(response.headers.get("Date"));
  // The header has no fractions: within a second the two clocks count as equal.
  if (!Number.isNaN(date)) serverAhead = Math.abs(date - Date.now()) < 1500 ? 0 : date - Date.now();
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  const message = problem?.error?.message ?? `The server answered ${response.status}.`;
  throw response.status === 401 ? new Unauthorized(message) : new Error(message);
}

export async function login(token) {
  await request("owner/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ password: token }),
  });
}

export async function logout() {
  await request("owner/logout", { method: "POST" });
}

// connections reads every page of the owner's summaries, up to maxPages; more says that there are further ones.
export async function connections() {
  const rows = [];
  let cursor = null;
  for (let page = 0; page < maxPages; page++) {
    const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
    const answer = await (await request(`_ref/connectors${query}`)).json();
    rows.push(...answer.data);
    if (!answer.has_more) return { rows, more: false };
    cursor = answer.next_cursor;
  }
  return { rows, more: true };
}
