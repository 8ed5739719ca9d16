// keepReading reads again and again: every few seconds while things go well, more and more rarely while they do not, at
// once when the page comes into view or the network comes back, and not at all while nobody looks.

const interval = 3_000;
const longest = 30_000;

// read returns a promise; show takes what it gives; failed takes the error and when it last went well, and says whether
// to go on.
export function keepReading({ read, show, failed }) {
  let timer = 0;
  let running = false; // wanted
  let turn = 0; // what an earlier turn asked for is not shown in a later one: it may be another owner's
  let busy = false;
  let failures = 0;
  let lastReadAt = null;

  async function once() {
    clearTimeout(timer);
    if (!running || busy || document.hidden) return;
    const mine = turn;
    busy = true;
    let result, problem;
    try {
      result = await read();
    } catch (error) {
      problem = error;
    }
    if (mine !== turn) return;
    busy = false;
    if (problem) {
      failures++;
      running = failed(problem, lastReadAt);
      if (!running) lastReadAt = null;
    } else {
      failures = 0;
      lastReadAt = new Date();
      show(result);
    }
    if (running) timer = setTimeout(once, Math.min(interval * 2 ** failures, failures ? longest : interval));
  }

  function begin(wanted) {
    clearTimeout(timer);
    turn++;
    busy = false;
    failures = 0;
    running = wanted;
  }

  document.addEventListener("visibilitychange", once);
  addEventListener("online", once);
  addEventListener("offline", once);

  return {
    start() {
      begin(true);
      once();
    },
    stop() {
      begin(false);
      lastReadAt = null;
    },
  };
}
