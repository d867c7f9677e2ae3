/** Progress is for whoever looks at a terminal, and for nobody else. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openProgress } from '../../src/cli/progress.ts';

const terminal = () => {
  const texts: string[] = [];
  return { isTTY: true, texts, write: (text: string) => texts.push(text) };
};

t.test('a line at most once a second, with rate and time left, and away at the end', async (t) => {
  const out = terminal();
  const progress = openProgress('log', 'events', out);
  progress.say({ done: 1_000, total: 4_000_000 });
  progress.say({ done: 2_000, total: 4_000_000 });
  t.strictSame(out.texts, []);
  await sleep(1_050);
  progress.say({ done: 21_000, total: 4_000_000, note: 'well' });
  progress.say({ done: 22_000, total: 4_000_000 });
  t.equal(out.texts.length, 1);
  const shown =
    /log: 21,000 of 4,000,000 events \(0\.5 %\), [\d,]+ events\/s, \d+ min \d+ s left, well$/;
  t.match(out.texts[0], shown);
  t.ok(out.texts[0]?.startsWith('\r\u001b[K'), 'over the one before');
  progress.end();
  progress.end();
  t.strictSame(out.texts.slice(1), ['\r\u001b[K']);
});

t.test('without a known end: how many, and how fast', async (t) => {
  const out = terminal();
  const progress = openProgress('f.csv', 'rows', out);
  progress.say({ done: 0 });
  await sleep(1_050);
  progress.say({ done: 30 });
  t.match(out.texts, [/f\.csv: 30 rows, \d+ rows\/s$/]);
});

t.test('nothing where it is no terminal', async (t) => {
  const out = { ...terminal(), isTTY: false };
  const progress = openProgress('log', 'events', out);
  progress.say({ done: 0 });
  await sleep(1_050);
  progress.say({ done: 30 });
  progress.end();
  t.strictSame(out.texts, []);
});
