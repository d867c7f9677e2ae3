import { readFile } from 'node:fs/promises';
import t from 'tap';
import { readConfig } from '../src/config.ts';

t.test('without settings everything is embedded and on loopback', async (t) => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 8080,
    databaseUrl: undefined,
    kafka: 'embedded',
    dataDir: '.frontlog',
    roles: ['api', 'relay', 'projector'],
  });
});

t.test('settings are read as they are documented', async (t) => {
  const config = readConfig({ PORT: '0', KAFKA_BROKERS: 'a:1, b:2', ROLES: 'api' });
  t.match(config, { port: 0, kafka: ['a:1', 'b:2'], roles: ['api'] });
  t.equal(readConfig({ KAFKA_BROKERS: 'none' }).kafka, 'none');
});

t.test('all faults are named at once', async (t) => {
  const faulty = () => readConfig({ HOST: '0.0.0.0', PORT: 'x', ROLES: 'api,king' });
  t.throws(faulty, { message: /PORT.*ROLES: there is no role "king".*HOST/s });
});

t.test('.env.example names every setting', async (t) => {
  const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
  const source = await readFile(new URL('../src/config.ts', import.meta.url), 'utf8');
  const settings = source.match(/^ {2}([A-Z_]+): Type/gm)?.map((one) => one.trim().split(':')[0]);
  t.ok((settings?.length ?? 0) > 5);
  for (const setting of settings ?? []) t.match(example, new RegExp(`^#? ?${setting}=`, 'm'));
});
