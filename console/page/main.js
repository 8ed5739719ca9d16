// What the page does, in order: take a token from the address, sign in, then keep the list up to date.
import { Unauthorized, login, logout, connections } from "./api.js";
import { renderConnections } from "./connections.js";
import { zoneName } from "./format.js";
import { keepReading } from "./reading.js";
import * as screen from "./screen.js";

// tokenFromAddress takes #token=… and removes it at once: a secret does not stay in the address bar or the history.
function tokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

const reading = keepReading({
  read: connections,
  show(fleet) {
    renderConnections(fleet);
    screen.showFleet();
    screen.live("live", "Live");
  },
  failed(error, lastReadAt) {
    if (error instanceof Unauthorized) {
      screen.askForToken(lastReadAt ? "Your session has ended. Sign in again." : "");
      return false; // nothing to read until someone signs in
    }
    screen.offline(error, lastReadAt);
    return true;
  },
});

async function signIn(token) {
  screen.live("starting", "Signing in…");
  try {
    await login(token);
    reading.start();
  } catch (error) {
    if (error instanceof Unauthorized) screen.askForToken("This token is not known, has expired or was revoked.");
    else screen.askForToken(`Signing in did not work: ${error.message}`);
  }
}

screen.onLogin(signIn);
screen.onLogout(async () => {
  reading.stop();
  try {
    await logout();
    screen.askForToken("");
  } catch (error) {
    screen.offline(error, null);
    reading.start();
  }
});
document.getElementById("zone").textContent = zoneName();

const token = tokenFromAddress();
if (token) signIn(token);
else reading.start();

// A link with a token may be opened while the page is there already: that changes the fragment only.
addEventListener("hashchange", () => {
  const fresh = tokenFromAddress();
  if (fresh) {
    reading.stop();
    signIn(fresh);
  }
});
