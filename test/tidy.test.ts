/** The house rules that a machine can hold: who imports whom, purity, lengths. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';

const linesMax = 200;
const columnsMax = 100;

// Part to the parts it may import besides itself; `*` is all.
const mayImport: Record<string, string[]> = {
  domain: [],
  eventstore: ['domain', 'db.ts', 'pipeline.ts', 'prepared.ts'],
  // The schema of the war status, for the document of the topics.
  relay: [
    ...['domain', 'eventstore', 'db.ts', 'projections/war-status-view.ts'],
    ...['kafka-cluster.ts', 'loopback.ts'],
  ],
  projections: [
    ...['domain', 'eventstore', 'relay/message.ts', 'db.ts', 'pipeline.ts', 'pooled-client.ts'],
    'prepared.ts',
  ],
  'log-tree': ['eventstore', 'db.ts'],
  verify: [
    ...['domain', 'eventstore', 'projections', 'log-tree', 'relay', 'db.ts', 'pipeline.ts'],
    'http/validation.ts',
  ],
  auth: ['db.ts'],
  mirror: ['domain', 'eventstore', 'relay', 'db.ts'],
  http: [
    ...['domain', 'eventstore', 'projections', 'log-tree', 'auth', 'db.ts', 'metrics.ts'],
    ...['mirror/site.ts', 'mirror/dead-letters.ts'],
    ...['import/imports.ts', 'import/formats.ts', 'import/received-files.ts'],
  ],
  import: [
    ...['domain', 'eventstore', 'db.ts', 'http/record-lines.ts', 'http/cloud-events.ts'],
    ...['http/event-lines.ts', 'http/strict-json.ts', 'http/json-scanner.ts'],
  ],
  cli: [
    ...['domain', 'eventstore', 'projections', 'verify', 'auth', 'db.ts', 'config.ts', 'log.ts'],
    ...['service.ts', 'relay', 'mirror', 'import', 'log-tree'],
    // The formats of lists, for exports.
    ...['http/formats.ts', 'http/csv.ts', 'http/claim-shown.ts', 'http/timeline-shown.ts'],
  ],
  'metrics.ts': ['eventstore', 'histogram.ts'],
  'histogram.ts': [],
  embedded: [],
  'config.ts': ['database-url.ts', 'kafka-cluster.ts', 'loopback.ts'],
  'database-url.ts': [],
  'kafka-cluster.ts': ['loopback.ts'],
  'loopback.ts': [],
  'db.ts': ['connection-pool.ts'],
  'connection-pool.ts': ['pooled-client.ts'],
  'bind-messages.ts': [],
  'prepared.ts': ['bind-messages.ts'],
  'pooled-client.ts': ['prepared.ts'],
  'pipeline.ts': ['db.ts', 'prepared.ts'],
  'log.ts': ['config.ts', 'db.ts', 'embedded', 'eventstore', 'pipeline.ts'],
  'service.ts': ['*'],
  'main.ts': ['cli'],
};
const impure = /\b(await|async|process\.|Math\.random|Date\.now|new Date\(\)|setTimeout|console)\b/;

const root = new URL('../src/', import.meta.url).pathname;
const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'));
const sources = await Promise.all(
  files.map(async (file) => ({ file, text: await readFile(join(root, file), 'utf8') })),
);

t.test('parts import only what they may', async (t) => {
  for (const { file, text } of sources) {
    const part = file.split('/')[0] as string;
    const allowed = mayImport[part];
    if (allowed === undefined) t.fail(`${file}: the part ${part} is in no rule`);
    for (const [, path] of text.matchAll(/from '(\.[^']+)'/g)) {
      const target = join(file, '..', path as string);
      const fine =
        target.split('/')[0] === part ||
        allowed?.some((one) => one === '*' || target === one || target.startsWith(`${one}/`));
      t.ok(fine, `${file} imports ${target}`);
    }
  }
});

t.test('the domain is pure', async (t) => {
  for (const { file, text } of sources.filter(({ file }) => file.startsWith('domain/'))) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/'[^'\n]*'|`[^`]*`/g, "''");
    t.notMatch(code, impure, file);
    for (const [, name] of text.matchAll(/from '([^.'][^']*)'/g)) {
      t.match(name, /^typebox(\/value)?$/, `${file} imports ${name}`);
    }
  }
});

t.test('only the relay, the projector and the service name kafkajs', async (t) => {
  for (const { file, text } of sources) {
    if (!text.includes("from 'kafkajs'")) continue;
    t.match(
      file,
      /^(service\.ts|(relay|mirror)\/.*|verify\/topic\.ts|projections\/projector\.ts|embedded\/kafka-.*)$/,
    );
    // What is loaded by another name, and sooner, does without what is ours in it.
    if (file !== 'relay/kafkajs.ts') t.notMatch(text, /import (?!type )[^;]*from 'kafkajs'/, file);
  }
});

t.test('only the configuration reads the environment', async (t) => {
  for (const { file, text } of sources) {
    const code = text.replace(/readConfig\(.*process\.env.*\)/g, '');
    if (/^(config\.ts|embedded\/)/.test(file)) continue;
    t.notMatch(code, /process\.env/, file);
  }
});

t.test('files are short, or say why not; lines are short', async (t) => {
  for (const { file, text } of sources) {
    const lines = text.split('\n');
    const long = lines.findIndex((line) => line.length > columnsMax);
    t.equal(long, -1, `${file}:${long + 1} is over ${columnsMax} columns`);
    const excused = lines.length <= linesMax || text.includes(`Over ${linesMax} lines because`);
    t.ok(excused, `${file} has ${lines.length} lines`);
  }
});
