/** What an event is on the timeline: what it is found by, and the item that it is shown as. */
import { catalogue, type DataOf } from '../domain/catalogue.ts';
import { eachReference, streamsReferredTo } from '../domain/references.ts';
import { type NameOf, summaryOf } from '../domain/summary.ts';
import { dayOf, lastInstantOf } from '../domain/times.ts';
import { eachWord, type TakeWord } from '../domain/words.ts';
import type { Fact } from './projection.ts';
import { hasTag, type Tag, tagger } from './tags.ts';

type AnyData = Partial<DataOf<'ClaimMade'> & DataOf<'TroopsWithdrew'> & DataOf<'ReportPublished'>>;

/** An event as far as an item tells of it. */
export type Told = Omit<Fact, 'metadata'>;

/** What can be asked for by a tag: the filters of the timeline that hold for one value. */
export type TagFilters = {
  readonly type?: string;
  readonly claimant?: string;
  readonly actor?: string;
  readonly place?: string;
};

/** What an item is found by, but for the reports that it came in. */
export type Found = {
  /** When it happened; else when it was said, published or recorded. */
  readonly sort_at: string;
  readonly conflict_id: string | null;
  /** The claim that it is about. */
  readonly claim_id: string | null;
  /** The last instant of when it is said to have happened; null where that is not said. */
  readonly occurred_until: string | null;
  readonly tags: readonly Tag[];
};

/** A register entry gives names; it is nothing said or done. */
export function isItem({ type }: Pick<Fact, 'type'>): boolean {
  return !type.endsWith('Registered');
}

/** The entity an event registers or concerns, and all that its data points to. */
export function streamsOf({
  type,
  stream,
  data,
}: Pick<Fact, 'type' | 'stream' | 'data'>): readonly string[] {
  const own = stream.startsWith('force-') ? stream.replace('force', 'actor') : stream;
  return streamsReferredTo(catalogue[type], data, [own]);
}

/** The ids among `streams` of one category. */
export function idsOf(streams: readonly string[], category: string): string[] {
  const start = `${category}-`;
  const ids: string[] = [];
  for (const one of streams) if (one.startsWith(start)) ids.push(one.slice(start.length));
  return ids;
}

const typeTag = tagger('type');
const claimantTag = tagger('claimant');
const actorTag = tagger('actor');
const placeTag = tagger('place');

/** The tag of what has this word in it, as `wordsOf` has it. */
export const wordTag = tagger('word');

/** The tag of what is said to have gone on from one day of UTC to another: few items do. */
export const longTag = tagger('long')('');

/** What the event is found by. */
export function foundBy(event: Fact): Found {
  const data = event.data as AnyData;
  const { occurred } = data;
  const tags = plainTags(event);
  addWordTags(tags, event);
  if (isLong(occurred)) tags.push(longTag);
  return {
    sort_at: occurred?.from ?? data.asserted_at ?? data.published_at ?? event.recorded_at,
    conflict_id: data.conflict_id ?? null,
    claim_id: data.claim_id ?? null,
    occurred_until: occurred === undefined ? null : lastInstantOf(occurred.to ?? occurred.from),
    tags,
  };
}

/** The tags of the event but for its words: its type, claimant, actors and places. */
export function plainTags({ type, stream, data }: Pick<Fact, 'type' | 'stream' | 'data'>): Tag[] {
  const { attribution } = data as AnyData;
  const tags = [typeTag(type)];
  if (attribution !== undefined) tags.push(claimantTag(attribution.claimant_id));
  // As `streamsOf` has them, whose names are not needed here.
  const before = tags.length;
  const own = stream.startsWith('force-') ? actorTag(stream, 'force-'.length) : tagOfEntity(stream);
  if (own !== undefined) tags.push(own);
  eachReference(catalogue[type], data, (category, id) => {
    if (category !== 'actor' && category !== 'place') return;
    const tag = category === 'actor' ? actorTag(id) : placeTag(id);
    if (!hasTag(tags, tag, before)) tags.push(tag);
  });
  return tags;
}

/** The tags that an item has for which all the filters hold. */
export function tagsOf({ type, claimant, actor, place }: TagFilters): Tag[] {
  const tags: Tag[] = [];
  if (type !== undefined) tags.push(typeTag(type));
  if (claimant !== undefined) tags.push(claimantTag(claimant));
  if (actor !== undefined) tags.push(actorTag(actor));
  if (place !== undefined) tags.push(placeTag(place));
  return tags;
}

/** The tag of what concerns an actor or a place, by its stream; none for other streams. */
export function tagOfEntity(stream: string): Tag | undefined {
  if (stream.startsWith('actor-')) return actorTag(stream, 'actor-'.length);
  return stream.startsWith('place-') ? placeTag(stream, 'place-'.length) : undefined;
}

/** The members of an item that its event alone tells, and the names in its summary. */
export function itemOf(event: Told, nameOf: NameOf) {
  const data = event.data as AnyData;
  const streams = streamsOf(event);
  const places = data.places ?? idsOf(streams, 'place').map((place_id) => ({ place_id }));
  return {
    position: event.position,
    event_id: event.id,
    type: event.type,
    stream: event.stream,
    conflict_id: data.conflict_id ?? null,
    occurred: data.occurred ?? null,
    asserted_at: data.asserted_at ?? null,
    recorded_at: event.recorded_at,
    claimant_id: data.attribution?.claimant_id ?? null,
    actor_ids: idsOf(streams, 'actor'),
    places,
    summary: { text: summaryOf(event.type, event.data as never, nameOf), language: 'en' },
    data: event.data,
  };
}

function isLong(occurred: AnyData['occurred']): boolean {
  return occurred?.to !== undefined && dayOf(occurred.from) < dayOf(occurred.to);
}

// Of the summary without names, for those may change: they are looked up when they are asked for.
function addWordTags(tags: Tag[], event: Fact): void {
  const { quote } = (event.data as AnyData).attribution ?? {};
  const before = tags.length;
  const add: TakeWord = (plain, from, to) => {
    const tag = wordTag(plain, from, to);
    // Each word once. There are so few that a set would cost more.
    if (!hasTag(tags, tag, before)) tags.push(tag);
  };
  eachWord(
    summaryOf(event.type, event.data as never, () => ''),
    add,
  );
  eachWord(quote?.text, add);
  eachWord(quote?.translation, add);
}
