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

t.test('an actor is renamed, a place gets another name', async (t) => {
  const agency = { type: 'ActorRegistered', data: { actor_id: 'a', name: 'N', kind: 'agency' } };
  const history = [agency] as never;
  const rename = (name: string) => ({ type: 'RenameActor', id: 'a', data: { name } }) as const;
  t.strictSame(when(actor, history, rename('M')), [
    { type: 'ActorRenamed', data: { actor_id: 'a', name: 'M' } },
  ]);
  t.strictSame(when(actor, history, rename('N')), []);
  t.equal(when(actor, [], rename('N')), 'actor-unknown');

  const izium = { type: 'PlaceRegistered', data: { place_id: 'p', name: 'N', aliases: ['A'] } };
  const named = (alias: string) => ({ type: 'AddPlaceAlias', id: 'p', data: { alias } }) as const;
  t.strictSame(when(place, [izium] as never, named('B')), [
    { type: 'PlaceAliasAdded', data: { place_id: 'p', alias: 'B' } },
  ]);
  t.strictSame(when(place, [izium] as never, named('A')), []);
  t.strictSame(when(place, [izium] as never, named('N')), []);
  t.equal(when(place, [], named('B')), 'place-unknown');
});

t.test('a report is corrected, and retracted for good', async (t) => {
  const published = {
    type: 'ReportPublished',
    data: {
      report_id: 'r',
      outlet_id: 'o',
      url: 'https://example.org/1',
      language: 'id',
      headline: 'H',
      published_at: '2022-09-12T19:39:00+07:00',
    },
  } as const;
  const { report_id: _id, ...body } = published.data;
  const publish = { type: 'PublishReport', id: 'r', data: body } as const;
  const correct = (data: object) => ({ type: 'CorrectReport', id: 'r', data }) as const;
  const retract = (reason: string) =>
    ({ type: 'RetractReport', id: 'r', data: { reason } }) as const;
  const corrected = when(report, [published], correct({ headline: 'G' })) as never[];
  t.match(corrected, [{ type: 'ReportCorrected', data: { report_id: 'r', headline: 'G' } }]);
  t.strictSame(when(report, [published, ...corrected], correct({ headline: 'G' })), []);
  t.strictSame(when(report, [published, ...corrected], publish), []);
  t.equal(when(report, [published], correct({ reason: 'none' })), 'nothing-corrected');
  t.equal(when(report, [], correct({ headline: 'G' })), 'report-unknown');

  const retracted = when(report, [published], retract('false')) as never[];
  t.match(retracted, [{ type: 'ReportRetracted', data: { reason: 'false' } }]);
  t.strictSame(when(report, [published, ...retracted], retract('false')), []);
  t.equal(when(report, [published, ...retracted], retract('other')), 'report-retracted');
  t.equal(when(report, [published, ...retracted], correct({ headline: 'G' })), 'report-retracted');
  t.equal(when(report, [], retract('false')), 'report-unknown');
});
