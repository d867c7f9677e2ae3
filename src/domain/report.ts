/** A report: a published document in one version. Its hash is kept, never its text. */
import { type Static, Type } from 'typebox';
import { Equal } from 'typebox/value';
import { type CommandOf, type Decider, decideBy, type EventOf, Rejection } from './decider.ts';
import { type RegistryRejection, registerOnce } from './registry.ts';
import { ActorId, EntityId, Language, Moment, strictObject, Text, Url } from './vocabulary.ts';

const content = {
  url: Url,
  language: Language,
  headline: Text,
  published_at: Moment,
  content_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  // By its SPDX identifier where it has one (https://spdx.org/licenses).
  licence: Type.Optional(Text),
};
const body = { outlet_id: ActorId, ...content };
// The members that changed, with what they are now: the report's next version.
const correction = {
  ...Type.Partial(Type.Object(content)).properties,
  corrected_at: Type.Optional(Moment),
  reason: Type.Optional(Text),
};
const retraction = { retracted_at: Type.Optional(Moment), reason: Text };

export const reportEvents = {
  ReportPublished: Type.Object({ report_id: EntityId, ...body }),
  ReportCorrected: Type.Object({ report_id: EntityId, ...correction }),
  ReportRetracted: Type.Object({ report_id: EntityId, ...retraction }),
};
export type ReportEvent = EventOf<typeof reportEvents>;

type Published = Static<typeof reportEvents.ReportPublished>;
type Retracted = Static<typeof reportEvents.ReportRetracted>;
type State = {
  /** As first published: the same again is no news, also after a correction. */
  readonly published?: Published;
  readonly current?: Partial<Published>;
  readonly retracted?: Retracted;
};

export const reportCommands = {
  PublishReport: strictObject(body),
  CorrectReport: strictObject(correction),
  RetractReport: strictObject(retraction),
};
export type ReportCommand = CommandOf<typeof reportCommands>;
export type ReportRejection =
  | RegistryRejection
  | 'report-unknown'
  | 'report-retracted'
  | 'nothing-corrected';

/** `report-{id}`: published once, corrected any number of times, retracted for good. */
export const report: Decider<State, ReportCommand, ReportEvent, ReportRejection> = {
  category: 'report',
  initialState: {},
  evolve: {
    ReportPublished: (_state, data) => ({ published: data, current: data }),
    ReportCorrected: (state, data) => ({ ...state, current: { ...state.current, ...data } }),
    ReportRetracted: (state, data) => ({ ...state, retracted: data }),
  },
  decide: decideBy<State, ReportCommand, ReportEvent, ReportRejection>({
    PublishReport: (data, { published }, report_id) =>
      registerOnce(published, { type: 'ReportPublished', data: { report_id, ...data } }),
    CorrectReport: (data, state, report_id) => {
      if (state.current === undefined) return unknown();
      const { corrected_at: _when, reason: _why, ...changes } = data;
      const current = state.current as Record<string, unknown>;
      const members = Object.entries(changes);
      if (members.length === 0) {
        return new Rejection('nothing-corrected', 'a correction names what changed');
      }
      if (members.every(([member, value]) => Equal(current[member], value))) return [];
      if (state.retracted !== undefined) return retracted();
      return [{ type: 'ReportCorrected', data: { report_id, ...data } }];
    },
    RetractReport: (data, state, report_id) => {
      if (state.current === undefined) return unknown();
      const event = { type: 'ReportRetracted', data: { report_id, ...data } } as const;
      if (state.retracted === undefined) return [event];
      return Equal(state.retracted, event.data) ? [] : retracted();
    },
  }),
};

function unknown() {
  return new Rejection('report-unknown', 'there is no such report');
}

function retracted() {
  return new Rejection('report-retracted', 'the report was retracted, which is final');
}
