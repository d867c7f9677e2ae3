/** Writing the register: conflicts, actors, places, reports. */
import type { CommandRoute } from './commands.ts';
import { conflictId } from './examples.ts';

const report = {
  outlet_id: 'cnn-indonesia',
  url: 'https://www.cnnindonesia.com/internasional',
  language: 'id',
  headline: 'Dihajar Habis-habisan, Rusia Tetap Ogah Damai dengan Ukraina',
  published_at: '2022-09-12T19:39:00+07:00',
};

export const registryRoutes: readonly CommandRoute[] = [
  {
    url: '/v1/conflicts',
    event: 'ConflictRegistered',
    operationId: 'registerConflict',
    summary: 'Register a conflict',
    example: {
      id: conflictId,
      name: 'Russia and Ukraine, from February 2022',
      parties: ['ru', 'ua'],
      started: '2022-02-24',
    },
  },
  {
    url: '/v1/actors',
    event: 'ActorRegistered',
    operationId: 'registerActor',
    summary: 'Register an actor: a state, force, ministry, official, agency, outlet or assessor',
    example: {
      id: 'ru-mod',
      name: 'Russian Ministry of Defence',
      kind: 'ministry',
      part_of: 'ru',
      external_ids: [{ scheme: 'wikidata', value: 'Q1400537' }],
    },
  },
  {
    url: '/v1/actors/:id/renamings',
    event: 'ActorRenamed',
    operationId: 'renameActor',
    summary: 'Record that an actor has another name',
    example: { name: 'Ministry of Defence of the Russian Federation', since: '2022-09-12' },
  },
  {
    url: '/v1/places',
    event: 'PlaceRegistered',
    operationId: 'registerPlace',
    summary: 'Register a place',
    example: {
      id: 'geonames:707292',
      name: 'Izium',
      aliases: ['Izyum'],
      point: [37.26, 49.21],
      within: 'iso:UA-63',
      external_ids: [{ scheme: 'geonames', value: '707292' }],
    },
  },
  {
    url: '/v1/places/:id/aliases',
    event: 'PlaceAliasAdded',
    operationId: 'addPlaceAlias',
    summary: 'Record another name of a place',
    example: { alias: 'Изюм', language: 'uk' },
  },
  {
    url: '/v1/reports',
    event: 'ReportPublished',
    operationId: 'publishReport',
    summary: 'Record that a report was published',
    example: { id: 'cnn-indonesia-2022-09-12', ...report },
  },
  {
    url: '/v1/reports/:id/corrections',
    event: 'ReportCorrected',
    operationId: 'correctReport',
    summary: 'Record what its outlet changed in a report',
    example: { headline: report.headline, reason: 'headline shortened' },
  },
  {
    url: '/v1/reports/:id/retraction',
    event: 'ReportRetracted',
    operationId: 'retractReport',
    summary: 'Record that its outlet retracted a report, which is final',
    example: { retracted_at: '2022-09-13', reason: 'withdrawn by the outlet' },
  },
];
