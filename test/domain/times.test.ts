import t from 'tap';
import { endsBefore, timeFaults } from '../../src/domain/times.ts';

t.test('what is surely before its start', async (t) => {
  t.ok(endsBefore('2022-09-12', '2022-09-11'));
  t.ok(endsBefore('2022-09-12T10:00:00Z', '2022-09-12T12:00:00+03:00'));
  t.ok(endsBefore('2022-09-14', '2022-09-12T23:00:00Z'));
  t.notOk(endsBefore('2022-09-12', '2022-09-12'));
  t.notOk(endsBefore('2022-09-12T10:00:00Z', '2022-09-12T10:00:00+00:00'));
});

t.test('a date may be the day of the instant in some zone', async (t) => {
  t.notOk(endsBefore('2022-09-12', '2022-09-11T12:00:00Z'));
  t.notOk(endsBefore('2022-09-12T11:00:00Z', '2022-09-11'));
  t.ok(endsBefore('2022-09-12T13:00:00Z', '2022-09-11'));
});

t.test('a command is refused by what it says occurred', async (t) => {
  t.strictSame(timeFaults({}), []);
  t.strictSame(timeFaults({ occurred: { from: '2022-09-12' } }), []);
  t.match(timeFaults({ occurred: { from: '2022-09-12', to: '2022-09-01' } }), [
    { pointer: '/occurred/to' },
  ]);
});
