-- Appends in bulk. What was measured for this shape is in docs/decisions/0005-the-append-function.md.

-- Bytes of data and metadata in the log up to and including the event: a page of the log is bounded
-- by them without a look at its events.
alter table events add column bytes_through bigint;
alter table events disable trigger events_are_immutable;
update events set bytes_through = counted.bytes_through
  from (select position, sum(octet_length(data::text) + octet_length(metadata::text))
          over (order by position) as bytes_through from events) as counted
  where events.position = counted.position;
alter table events enable trigger events_are_immutable;
alter table events alter column bytes_through set not null;

drop function append_events(text[], integer[], integer[], uuid[], text[], smallint[], text[], text[]);

-- Appends a batch of independent appends, each to a stream of its own; each is stored, found to be
-- there already, or refused by itself. `head` is the position before the first event stored. The
-- arrays have an element per append, in order:
--   stored, duplicate: the last event's version and position
--   wrong_version:     the stream's current version, no position
--   id_conflict:       the same; an event id is taken by other content, or by other company
-- They are null where all is stored, each at the version that it expected: the plain case, and the
-- fast one.
-- Per append: `streams`, `expected` (-1 is any version), `counts` of events. Per event, in order of
-- their appends: `append_of` and `nth`, both from 1, the event itself, and `through`, the bytes of the
-- batch's data and metadata up to and including it.
create function append_events(
  streams text[], expected integer[], counts integer[],
  append_of integer[], nth integer[], ids uuid[], types text[], schema_versions smallint[],
  datas json[], metadatas json[], through bigint[],
  out head bigint, out outcomes text[], out versions integer[], out positions bigint[]
)
language plpgsql
-- A plan made while the log was small would scan the whole of it later: index plans only, and no
-- planning per call.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
-- A batch of the largest size passes through in memory.
set work_mem = '64MB'
as $$
declare
  head_recorded_at timestamptz;
  head_bytes bigint;
  batch_recorded_at timestamptz;
  currents integer[];
  any_taken boolean;
  accepted boolean[];
  refused_before integer[];
  refused_bytes_before bigint[];
  inserted integer;
begin
  if 1 > any (counts) then
    raise exception 'an append needs an event' using errcode = 'invalid_parameter_value';
  end if;
  -- Alone in its statement: what follows takes a new snapshot, and so sees all that committed before
  -- the lock was given. 7205880 is this log's name among advisory locks.
  perform pg_advisory_xact_lock(7205880);

  select last.position, last.recorded_at, last.bytes_through,
         array(select coalesce((select e.version from events e where e.stream = s.stream
                                order by e.version desc limit 1), 0)
               from (select unnest(streams) as stream) as s),
         exists (select from events e where e.id = any (ids))
    into head, head_recorded_at, head_bytes, currents, any_taken
    from (values (true)) as one
    left join lateral (select e.position, e.recorded_at, e.bytes_through from events e
                       order by e.position desc limit 1) as last on true;
  head := coalesce(head, 0);
  head_bytes := coalesce(head_bytes, 0);
  -- Never decreases with position, also when the clock was set back.
  batch_recorded_at := greatest(clock_timestamp(), head_recorded_at);

  if any_taken or expected <> currents then
    -- Not the plain case: decide append by append.
    with event as (
      select b.*, e.stream, e.version, e.position,
             e.stream = streams[b.a] and e.type = b.type and e.schema_version = b.schema_version
               and e.data::text = b.data::text as same
        from unnest(append_of, nth, ids, types, schema_versions, datas, through)
               as b(a, k, id, type, schema_version, data, bytes)
        left join events e on any_taken and e.id = b.id
    ), found as (
      select event.a, count(event.position) as taken, max(event.version) as version,
             max(event.position) as last_position, max(event.bytes) as bytes,
             -- Every event is there with the same content, and in the same order.
             bool_and(coalesce(event.same, false))
               and max(event.version - event.k) = min(event.version - event.k) as duplicate
        from event group by event.a
    ), decided as (
      select f.a, f.version, f.last_position, counts[f.a] as count,
             f.bytes - lag(f.bytes, 1, 0::bigint) over (order by f.a) as bytes,
             case when f.duplicate then 'duplicate'
                  when f.taken > 0 then 'id_conflict'
                  when expected[f.a] not in (-1, currents[f.a]) then 'wrong_version'
                  else 'stored' end as outcome
        from found f
    ), placed as (
      select d.*, sum(d.count) filter (where d.outcome = 'stored') over so_far as stored_through,
             sum(d.count) filter (where d.outcome <> 'stored') over so_far as refused_through,
             sum(d.bytes) filter (where d.outcome <> 'stored') over so_far as refused_bytes
        from decided d window so_far as (order by d.a)
    )
    select array_agg(p.outcome order by p.a),
           array_agg(case p.outcome when 'stored' then currents[p.a] + p.count
                                    when 'duplicate' then p.version
                                    else currents[p.a] end order by p.a),
           array_agg(case p.outcome when 'stored' then head + p.stored_through
                                    when 'duplicate' then p.last_position end order by p.a),
           array_agg(p.outcome = 'stored' order by p.a),
           array_agg(coalesce(p.refused_through, 0)::integer order by p.a),
           array_agg(coalesce(p.refused_bytes, 0)::bigint order by p.a)
      into outcomes, versions, positions, accepted, refused_before, refused_bytes_before
      from placed p;
  end if;

  insert into events
    select head + b.i - case when accepted is null then 0 else refused_before[b.a] end,
           b.id, streams[b.a], currents[b.a] + b.k, b.type, b.schema_version,
           batch_recorded_at, b.data, b.metadata,
           head_bytes + b.bytes
             - case when accepted is null then 0 else refused_bytes_before[b.a] end
      -- Side by side in a select list: as functions in `from`, each event would be copied once more.
      from (select generate_series(1, cardinality(ids)) as i, unnest(append_of) as a,
                   unnest(nth) as k, unnest(ids) as id, unnest(types) as type,
                   unnest(schema_versions) as schema_version, unnest(datas) as data,
                   unnest(metadatas) as metadata, unnest(through) as bytes) as b
      where accepted is null or accepted[b.a];
  -- A hint to readers, once per batch; it is sent when the batch commits.
  get diagnostics inserted = row_count;
  if inserted > 0 then
    perform pg_notify('frontlog_events', (head + inserted)::text);
  end if;
end $$;

-- Appends a batch of appends that all begin a stream, and answers with the position before the first
-- event. Nothing is looked up, as the indexes see it when the events go in: where a stream or an id is
-- there after all, unique_violation is raised and nothing is stored, and `append_events` has the
-- answer. Per event: its stream, its version there, the event itself, and `through` as above.
create function append_new_streams(
  streams text[], versions integer[], ids uuid[], types text[], schema_versions smallint[],
  datas json[], metadatas json[], through bigint[], out head bigint
)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set work_mem = '64MB'
as $$
declare
  last record;
begin
  perform pg_advisory_xact_lock(7205880);
  select e.position, e.recorded_at, e.bytes_through into last
    from events e order by e.position desc limit 1;
  head := coalesce(last.position, 0);
  insert into events
    select head + generate_series(1, cardinality(ids)), unnest(ids), unnest(streams),
           unnest(versions), unnest(types), unnest(schema_versions),
           greatest(clock_timestamp(), last.recorded_at), unnest(datas), unnest(metadatas),
           coalesce(last.bytes_through, 0) + unnest(through);
  perform pg_notify('frontlog_events', (head + cardinality(ids))::text);
end $$;

-- Appends one event alone: what `append_events` does for a batch of one, in fewer steps where all is
-- as expected; anything else is left to `append_events`. That the id is new is seen by the
-- index when the event goes in: a taken id at a version that fits raises unique_violation, and
-- `append_events` has the answer.
create function append_event(
  to_stream text, expected_version integer,
  event_id uuid, event_type text, event_schema_version smallint, event_data json, event_metadata json,
  event_bytes integer,
  out outcome text, out version integer, out last_position bigint
)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  head bigint;
  head_recorded_at timestamptz;
  head_bytes bigint;
  current_version integer;
begin
  perform pg_advisory_xact_lock(7205880);
  select last.position, last.recorded_at, last.bytes_through,
         (select e.version from events e where e.stream = to_stream order by e.version desc limit 1)
    into head, head_recorded_at, head_bytes, current_version
    from (values (true)) as one
    left join lateral (select e.position, e.recorded_at, e.bytes_through from events e
                       order by e.position desc limit 1) as last on true;
  current_version := coalesce(current_version, 0);

  if expected_version <> -1 and expected_version <> current_version then
    select a.outcomes[1], a.versions[1], a.positions[1] into outcome, version, last_position
      from append_events(
        array[to_stream], array[expected_version], array[1], array[1], array[1],
        array[event_id], array[event_type], array[event_schema_version],
        array[event_data], array[event_metadata], array[event_bytes::bigint]) as a;
    return;
  end if;

  outcome := 'stored';
  version := current_version + 1;
  last_position := coalesce(head, 0) + 1;
  insert into events values (
    last_position, event_id, to_stream, version, event_type, event_schema_version,
    greatest(clock_timestamp(), head_recorded_at), event_data, event_metadata,
    coalesce(head_bytes, 0) + event_bytes);
  perform pg_notify('frontlog_events', last_position::text);
end $$;

-- Immutable by privilege too: whoever owns the log without being a superuser may not change it either,
-- not even with the trigger switched off. And the trigger holds for a session that calls itself a
-- replica.
revoke update, delete, truncate on events from public, current_user;
alter table events enable always trigger events_are_immutable;
