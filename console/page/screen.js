// What is on the screen apart from the rows: the login form, the notice and the live mark.
import { clockTime } from "./format.js";

const $ = (id) => document.getElementById(id);

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function live(state, text) {
  $("live").dataset.state = state;
  set($("live-text"), text);
}

function notice(text) {
  set($("notice"), text);
  $("notice").hidden = text === "";
}

export function showFleet() {
  notice("");
  $("login").hidden = true;
  $("fleet").hidden = false;
  $("fleet").classList.remove("old");
  $("logout").hidden = false;
}

// askForToken shows the login form. What was listed goes: it may be another owner's turn.
export function askForToken(why) {
  notice(why);
  live("signed-out", "Signed out");
  $("fleet").hidden = true;
  $("rows").replaceChildren();
  $("logout").hidden = true;
  if ($("login").hidden) {
    $("login").hidden = false;
    $("password").focus();
  }
}

// offline keeps what was read before on the screen and says how old it is.
export function offline(error, lastReadAt) {
  const then = lastReadAt ? ` What you see was read at ${clockTime(lastReadAt)}.` : "";
  notice(`${error.message}${then} Trying again.`);
  live("offline", navigator.onLine ? "Not connected" : "Offline");
  $("fleet").classList.add("old");
}

export function onLogin(signIn) {
  $("login").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = $("password").value.trim();
    $("password").value = "";
    if (token) signIn(token);
  });
}

export function onLogout(signOut) {
  $("logout").addEventListener("click", signOut);
}
