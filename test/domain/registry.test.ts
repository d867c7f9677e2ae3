import t from 'tap';
import { actor } from '../../src/domain/actor.ts';
import { conflict } from '../../src/domain/conflict.ts';
import { Rejection } from '../../src/domain/decider.ts';
import { place } from '../../src/domain/place.ts';
import { registerOnce } from '../../src/domain/registry.ts';
import { report } from '../../src/domain/report.ts';
import { when } from './spec.ts';

t.test(
  'an entry is registered once; the same again is no news; other content is refused',
  async (t) => {
    const register = (name: string) =>
      ({ type: 'RegisterConflict', id: 'c1', data: { name } }) as const;
    const event = { type: 'ConflictRegistered', data: { conflict_id: 'c1', name: 'War' } } as const;
    t.same(when(conflict, [], register('War')), [event]);
    t.same(when(conflict, [event], register('War')), []);
    t.equal(when(conflict, [event], register('Peace')), 'registered-otherwise');
  },
);

t.test('each register entry becomes its own event', async (t) => {
  const named = { name: 'N' };
  t.match(when(actor, [], { type: 'RegisterActor', id: 'a', data: { ...named, kind: 'agency' } }), [
    { type: 'ActorRegistered', data: { actor_id: 'a' } },
  ]);
  t.match(when(place, [], { type: 'RegisterPlace', id: 'p', data: named }), [
    { type: 'PlaceRegistered', data: { place_id: 'p' } },
  ]);
  const data = {
    outlet_id: 'o',
    url: 'https://example.org/1',
    language: 'id',
    headline: 'H',
    published_at: '2022-09-12T19:39:00+07:00',
  };
  t.match(when(report, [], { type: 'PublishReport', id: 'r', data }), [
    { type: 'ReportPublished', data: { report_id: 'r' } },
  ]);
});

t.test('a refusal points to what differs, added and missing members too', async (t) => {
  const refused = registerOnce(
    { same: 1, gone: 1, other: 1 },
    { data: { same: 1, other: 2, more: 1 } },
  );
  t.ok(refused instanceof Rejection);
  const { faults } = refused as Rejection;
  t.same(faults.map(({ pointer }) => pointer).sort(), ['/gone', '/more', '/other']);
});
