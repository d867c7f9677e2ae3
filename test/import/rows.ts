/** Rows in the shape of each data set, made up for the tests; only the bulletin's numbers are real. */
import type { Fields } from '../../src/import/importer.ts';

export const equipmentRow: Fields = {
  ...{ date: '2022-09-12', day: 201, tank: 2169, APC: 4640, drone: 0 },
  'greatest losses direction': 'Kryvyi Rih and Donetsk',
};

export const bulletinRow: Fields = {
  ...{ date: '2022-09-12', sourceUri: 'https://example.org/a-–-b/', personnel: 52950 },
  ...{ tanks: 2168, afvs: 4640, artillery: 1269, airDefense: 162, rocketSystems: 311 },
  ...{ unarmoredVehicles: 3463, fixedWingAircraft: 243, rotaryWingAircraft: 213, uavs: 903 },
  ...{ ships: 15, submarines: null, specialEquipment: 117, missiles: 216 },
};

export function controlRow(
  sha: string,
  name: string,
  held_by: string,
  as_of: string,
  source_update: string,
): Fields {
  const recorded_at_commit = '2022-09-20T16:51:21+02:00';
  return {
    ...{ recorded_at_commit, git_sha: sha.padEnd(40, '0'), source_update, name, held_by, as_of },
    more_information: '',
  };
}

export const acledRow: Readonly<Record<string, string>> = {
  ...{ event_id_cnty: 'ABC123', event_date: '12 September 2022', year: '2022' },
  ...{ time_precision: '1', disorder_type: 'Political violence', event_type: 'Battles' },
  ...{ sub_event_type: 'Armed clash', actor1: 'Military Forces of A (2000-)' },
  ...{ assoc_actor_1: 'Others', inter1: 'State Forces', actor2: 'Military Forces of B' },
  ...{ assoc_actor_2: '', inter2: 'State Forces', interaction: 'State Forces-State Forces' },
  ...{ civilian_targeting: '', iso: '999', region: 'Nowhere', country: 'Land', admin1: 'East' },
  ...{ admin2: 'Far East', admin3: '', location: 'Somewhere', latitude: '49.25' },
  ...{ longitude: '37.5', geo_precision: '2', source: 'A paper', source_scale: 'National' },
  ...{ notes: 'As it  is told.', fatalities: '3', tags: '', timestamp: '1663689600' },
};

export const gedRow: Readonly<Record<string, string>> = {
  ...{ id: '7', relid: 'ABC-2022-1-13-7', year: '2022', active_year: '1', code_status: 'Clear' },
  ...{ type_of_violence: '1', conflict_dset_id: '3', conflict_new_id: '13' },
  ...{ conflict_name: 'A - B', dyad_dset_id: '4', dyad_new_id: '14', dyad_name: 'A - B' },
  ...{ side_a_dset_id: '1', side_a_new_id: '101', side_a: 'Government of A' },
  ...{ side_b_dset_id: '2', side_b_new_id: '202', side_b: 'B', number_of_sources: '2' },
  ...{ source_article: '"A paper, 2022-09-13, A headline"', source_office: 'A paper' },
  ...{ source_date: '2022-09-13', source_headline: 'A headline', source_original: 'officials' },
  ...{ where_prec: '3', where_coordinates: 'Far East district', where_description: 'A village' },
  ...{ adm_1: 'East', adm_2: 'Far East', latitude: '49.25', longitude: '37.5' },
  ...{ geom_wkt: 'POINT (37.5 49.25)', priogrid_gid: '200000', country: 'Land' },
  ...{ country_id: '999', region: 'Europe', event_clarity: '1', date_prec: '2' },
  ...{ date_start: '2022-09-10 00:00:00.000', date_end: '2022-09-12 00:00:00.000' },
  ...{ deaths_a: '2', deaths_b: '0', deaths_civilians: '10', deaths_unknown: '0' },
  ...{ best: '12', high: '15', low: '8', gwnoa: '999', gwnob: '' },
};
