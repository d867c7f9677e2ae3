import t from 'tap';
import { valueAt, withValueAt } from '../../src/domain/json-pointer.ts';

const value = { a: { 'b/c': 1, 'd~e': null }, list: [1, { f: 2 }] };

t.test('a pointer finds a value (RFC 6901), or nothing', async (t) => {
  t.strictSame(valueAt(value, ''), value);
  t.equal(valueAt(value, '/a/b~1c'), 1);
  t.equal(valueAt(value, '/a/d~0e'), null);
  t.equal(valueAt(value, '/list/1/f'), 2);
  for (const nowhere of ['/x', '/list/2', '/a/b~1c/x', '/__proto__', '/list/length/x']) {
    t.equal(valueAt(value, nowhere), undefined, nowhere);
  }
});

t.test('a value is replaced, added or removed in a copy', async (t) => {
  const before = structuredClone(value);
  t.strictSame(withValueAt(value, '/list/1/f', 3), { ...value, list: [1, { f: 3 }] });
  t.strictSame(withValueAt(value, '/list/2', 3), { ...value, list: [1, { f: 2 }, 3] });
  t.strictSame(withValueAt(value, '/list/0', undefined), { ...value, list: [{ f: 2 }] });
  t.strictSame(withValueAt(value, '/g', 1), { ...value, g: 1 });
  t.strictSame(withValueAt(value, '/a', undefined), { list: value.list });
  t.strictSame(value, before);
});

t.test('a pointer that leads nowhere replaces nothing', async (t) => {
  for (const nowhere of ['/list/4', '/list/01', '/list/-', '/x/y', '/a/b~1c/x']) {
    t.equal(withValueAt(value, nowhere, 1), undefined, nowhere);
  }
});
