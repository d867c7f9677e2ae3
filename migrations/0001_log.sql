-- The log: every event, once, at a dense position in commit order. Nothing here is ever changed.

-- Names this log among all logs: a topic or a checkpoint of another one is told apart by it.
create table log_identity (
  log_id uuid not null,
  only_row boolean primary key default true check (only_row)
);
insert into log_identity (log_id) values (gen_random_uuid());

create table events (
  position bigint primary key,
  id uuid not null unique,
  stream text collate "C" not null,
  version integer not null,
  type text not null,
  schema_version smallint not null,
  recorded_at timestamptz not null,
  -- json, not jsonb: the bytes stay as they were sent, so they can be hashed.
  data json not null,
  metadata json not null,
  unique (stream, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the log is append-only: % is refused', lower(tg_op)
    using errcode = 'insufficient_privilege';
end $$;
create trigger events_are_immutable before update or delete or truncate on events
  for each statement execute function refuse_change();

-- Appends a batch of independent appends, each to a stream of its own; each is stored, found to be
-- there already, or refused by itself. `expected` -1 is any version. Events come in the order of
-- their appends, `counts` events each. One row per append, in order:
--   stored, duplicate: the last event's version and position
--   wrong_version:     the stream's current version
--   id_conflict:       an event id is taken by other content
create function append_events(
  streams text[], expected integer[], counts integer[],
  ids uuid[], types text[], schema_versions smallint[], datas text[], metadatas text[]
) returns table (outcome text, version integer, last_position bigint)
language plpgsql as $$
declare
  head bigint;
  head_recorded_at timestamptz;
  current_version integer;
  first_event integer := 1;
  same integer;
  taken integer;
  batch_recorded_at timestamptz;
  old_head bigint;
begin
  -- Alone in its statement: what follows takes a new snapshot, and so sees all that committed before
  -- the lock was given. 7205880 is this log's name among advisory locks.
  perform pg_advisory_xact_lock(7205880);
  select e.position, e.recorded_at into head, head_recorded_at
    from events e order by e.position desc limit 1;
  head := coalesce(head, 0);
  old_head := head;
  -- recorded_at never decreases with position, also when the clock was set back.
  batch_recorded_at := greatest(clock_timestamp(), head_recorded_at);

  for i in 1 .. coalesce(array_length(streams, 1), 0) loop
    if counts[i] < 1 then
      raise exception 'an append needs an event' using errcode = 'invalid_parameter_value';
    end if;
    select count(*),
           count(*) filter (where e.stream = streams[i] and e.type = n.type
                            and e.data::text = n.data)
      into taken, same
      from unnest(ids[first_event : first_event + counts[i] - 1],
                  types[first_event : first_event + counts[i] - 1],
                  datas[first_event : first_event + counts[i] - 1]) as n(id, type, data)
      join events e on e.id = n.id;
    select coalesce(max(e.version), 0) into current_version from events e where e.stream = streams[i];

    if taken > 0 and same = counts[i] then
      outcome := 'duplicate';
      select max(e.version), max(e.position) into version, last_position
        from events e where e.id = any (ids[first_event : first_event + counts[i] - 1]);
    elsif taken > 0 then
      outcome := 'id_conflict';
      version := current_version;
      last_position := null;
    elsif expected[i] <> -1 and expected[i] <> current_version then
      outcome := 'wrong_version';
      version := current_version;
      last_position := null;
    else
      insert into events
        select head + n.ordinality, n.id, streams[i], current_version + n.ordinality::integer,
               n.type, n.schema_version, batch_recorded_at, n.data::json, n.metadata::json
        from unnest(ids[first_event : first_event + counts[i] - 1],
                    types[first_event : first_event + counts[i] - 1],
                    schema_versions[first_event : first_event + counts[i] - 1],
                    datas[first_event : first_event + counts[i] - 1],
                    metadatas[first_event : first_event + counts[i] - 1])
          with ordinality as n(id, type, schema_version, data, metadata, ordinality);
      head := head + counts[i];
      outcome := 'stored';
      version := current_version + counts[i];
      last_position := head;
    end if;
    return next;
    first_event := first_event + counts[i];
  end loop;

  -- A hint to readers, once per batch; it is sent when the batch commits.
  if head > old_head then
    perform pg_notify('frontlog_events', head::text);
  end if;
end $$;

-- How far each projection has come; moved in the transaction that changes its rows.
create table projections (
  name text not null,
  version integer not null,
  position bigint not null default 0,
  state text not null default 'running' check (state in ('running', 'paused')),
  last_error text,
  primary key (name, version)
);
