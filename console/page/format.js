// How numbers, sizes and times read.

const numbers = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

export const count = (n) => numbers.format(n);
export const clockTime = (date) => clock.format(date);
export const fullTime = (instant) => full.format(new Date(instant));
export const words = (code) => code.replaceAll("_", " ");

export function zoneName() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const minutes = -new Date().getTimezoneOffset();
  const sign = minutes < 0 ? "−" : "+";
  const pad = (n) => String(n).padStart(2, "0");
  return `${timeZone} (UTC${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)})`;
}

export function bytes(n) {
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  const digits = unit === 0 || n >= 100 ? 0 : n >= 10 ? 1 : 2;
  return `${n.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${units[unit]}`;
}

const steps = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86400, 3600, "hour"],
  [86400 * 30, 86400, "day"],
  [86400 * 365, 86400 * 30, "month"],
  [Infinity, 86400 * 365, "year"],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "long" });

// age says how long ago instant was, by the clock that gave now (milliseconds).
export function age(instant, now) {
  const seconds = (Date.parse(instant) - now) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  const [, size, unit] = steps.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.trunc(seconds / size), unit);
}
