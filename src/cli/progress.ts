/** How far a command is: one line on stderr, written over; on a terminal only. */

const intervalMs = 1_000;
/** Back to the start of the line, and what is on it away. */
const clearLine = '\r\u001b[K';

export type Reached = {
  /** In the progress's unit; from where it began, if it goes on with something. */
  readonly done: number;
  /** What it comes to in the end, where that is known. */
  readonly total?: number;
  /** What else is worth saying. */
  readonly note?: string;
};
export type Progress = {
  /** Shown at most once a second, with the rate since the first time and how long it will take. */
  say(reached: Reached): void;
  /** Takes the line away: what follows is the command's answer. */
  end(): void;
};

/** The progress of `what`, in `unit`, such as "events"; nothing where `out` is no terminal. */
export function openProgress(
  what: string,
  unit: string,
  out: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
): Progress {
  if (out.isTTY !== true) return { say: () => undefined, end: () => undefined };
  let begun: { readonly at: number; readonly done: number } | undefined;
  let saidAt = 0;
  let isShown = false;
  return {
    say(reached) {
      const now = performance.now();
      if (begun === undefined) {
        begun = { at: now, done: reached.done };
        saidAt = now;
      }
      if (now - saidAt < intervalMs) return;
      saidAt = now;
      isShown = true;
      const rate = (1_000 * (reached.done - begun.done)) / (now - begun.at);
      out.write(`${clearLine}${what}: ${lineOf(reached, unit, rate)}`);
    },
    end() {
      if (isShown) out.write(clearLine);
      isShown = false;
    },
  };
}

function lineOf({ done, total, note }: Reached, unit: string, rate: number): string {
  const parts = [`${count(done)} ${unit}`, `${count(rate)} ${unit}/s`];
  if (total !== undefined) {
    const percent = (100 * Math.min(1, done / Math.max(1, total))).toFixed(1);
    parts[0] = `${count(done)} of ${count(total)} ${unit} (${percent} %)`;
    if (rate > 0) parts.push(`${duration(Math.max(0, total - done) / rate)} left`);
  }
  if (note !== undefined) parts.push(note);
  return parts.join(', ');
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${Math.ceil(seconds)} s`;
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
