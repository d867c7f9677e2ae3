/** The manifests of docs/kubernetes: of this service, with its settings, its commands, its probes. */
import { readdir, readFile } from 'node:fs/promises';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { readConfig, settingsOf } from '../src/config.ts';
import { run } from './cli/command.ts';
import { testService } from './service.ts';

const folder = new URL('../docs/kubernetes/', import.meta.url);

type Reference = { name: string; key: string };
type Variable = { name: string; value?: string; valueFrom?: { secretKeyRef: Reference } };
type Probe = { httpGet: { path: string; port: string } };
type Container = {
  args: string[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  env: Variable[];
  ports?: { name: string; containerPort: number }[];
} & Partial<Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', Probe>>;
type Pod = { initContainers?: Container[]; containers: Container[]; volumes?: object[] };
type Labels = Record<string, string>;
type Manifest = {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    selector: Labels & { matchLabels: Labels };
    template: { metadata: { labels: Labels }; spec: Pod };
  };
};

const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
const all: { file: string; manifest: Manifest }[] = [];
for (const file of names) {
  for (const document of parseAllDocuments(await readFile(new URL(file, folder), 'utf8'))) {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw fault;
    all.push({ file, manifest: document.toJS() });
  }
}
const ofKind = (kind: string) =>
  all.flatMap(({ manifest }) => (manifest.kind === kind ? [manifest] : []));
const workloads = [...ofKind('Deployment'), ...ofKind('Job')];
const containersOf = ({ spec: { template } }: Manifest) => [
  ...(template.spec.initContainers ?? []),
  ...template.spec.containers,
];

/** The environment of a container, with something for each secret that has to be there. */
function environmentOf({ env, envFrom }: Container): NodeJS.ProcessEnv {
  const settings = envFrom.map(
    ({ configMapRef }) =>
      ofKind('ConfigMap').find((one) => one.metadata.name === configMapRef?.name)?.data,
  );
  const own = env.map(({ name, value }) => [name, value ?? 'postgres://a:b@database/frontlog']);
  return Object.assign({}, ...settings, Object.fromEntries(own));
}

t.test('each file is listed, and each thing there once', async (t) => {
  const [list] = ofKind('Kustomization') as unknown as [{ resources: string[] }];
  const files = names.filter((name) => name !== 'kustomization.yaml');
  t.strictSame(list.resources.toSorted(), files.toSorted());
  const things = all.map(({ manifest: { kind, metadata } }) => `${kind} ${metadata?.name}`);
  t.strictSame(things.length, new Set(things).size);
  t.strictSame(ofKind('Secret'), [], 'secrets are referred to, not there');
});

t.test('every container has settings that are, and a command that is', async (t) => {
  const known = Object.keys(settingsOf(readConfig({})));
  const { stdout: help } = await run('', '--help');
  for (const container of workloads.flatMap(containersOf)) {
    const environment = environmentOf(container);
    const unknown = Object.keys(environment).filter((name) => !known.includes(name));
    t.strictSame(unknown, []);
    t.doesNotThrow(() => readConfig(environment));
    t.match(help, new RegExp(`^  ${container.args[0]}\\b`, 'm'));
  }
  const roles = ofKind('Deployment').flatMap(containersOf).map(environmentOf);
  const taken = new Set(roles.flatMap((one) => readConfig(one).roles));
  t.strictSame([...taken].sort(), ['api', 'projector', 'relay']);
});

t.test('every process is asked how it is, at addresses that answer', async (t) => {
  const { url } = await testService(t);
  for (const container of ofKind('Deployment').flatMap(containersOf)) {
    t.ok(readConfig(environmentOf(container)).roles.includes('api'), 'it answers at all');
    const { startupProbe, livenessProbe, readinessProbe } = container;
    t.strictSame(
      [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet),
      ['/livez', '/livez', '/readyz'].map((path) => ({ path, port: 'http' })),
    );
    const { port } = readConfig(environmentOf(container));
    t.strictSame(container.ports, [{ name: 'http', containerPort: port }]);
  }
  for (const path of ['/livez', '/readyz', '/metrics']) {
    t.equal((await fetch(url + path)).status, 200, path);
  }
});

t.test('selectors find what they are to, and requests go to the API alone', async (t) => {
  const isOf = (labels: Labels, selector: Labels) =>
    Object.entries(selector).every(([name, value]) => labels[name] === value);
  for (const { spec } of ofKind('Deployment')) {
    t.ok(isOf(spec.template.metadata.labels, spec.selector.matchLabels));
  }
  const [{ spec: service }] = ofKind('Service') as [Manifest];
  const found = workloads.filter(({ spec }) =>
    isOf(spec.template.metadata.labels, service.selector),
  );
  t.strictSame(
    found.map(({ metadata }) => metadata.name),
    ['frontlog-api'],
  );
});

t.test('the handbook says how to make each secret', async (t) => {
  const handbook = await readFile(new URL('../operations.md', folder), 'utf8');
  const text = JSON.stringify(workloads);
  const secrets = [...text.matchAll(/"secret(?:(?:Key)?Ref":\{"name|Name)":"([^"]+)"/g)];
  t.ok(new Set(secrets.map(([, name]) => name)).size >= 4);
  for (const [, name] of secrets) t.match(handbook, `create secret generic ${name}`);
});
