-- Read models with a history, built in generations beside each other: the one that answers, the one
-- that is being built, the one that answered before. What the projections had made until now is made
-- again from the log.
drop table if exists registry_v1, war_status_v1, timeline_v1, timeline_v1_claims, timeline_v1_names;
drop table projections;

create table projections (
  name text not null,
  -- Of the tables' shape and meaning, set by the code.
  version integer not null,
  generation integer not null,
  role text not null check (role in ('live', 'building', 'retired')),
  state text not null default 'running' check (state in ('running', 'paused')),
  -- How far it has come; moved in the transaction that changes its rows.
  position bigint not null default 0,
  -- Events a second, smoothed over batches.
  rate double precision not null default 0,
  -- At most so many events a second, and until when that has the next batch wait.
  events_per_second_max integer check (events_per_second_max > 0),
  not_before timestamptz not null default '-infinity',
  last_error text,
  error_position bigint,
  -- What differed from the generation before when this one took its place.
  comparison json,
  retired_at timestamptz,
  primary key (name, version, generation)
);
create unique index projections_live on projections (name, version) where role = 'live';
create unique index projections_building on projections (name, version) where role = 'building';

-- The last position, up to `through`, that had been recorded at `moment`: by halving, as
-- recorded_at never decreases with position, so the log needs no index for it.
create function position_known_at(moment timestamptz, through bigint) returns bigint
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  low bigint := 0;
  high bigint := through;
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.recorded_at from events e where e.position = middle) <= moment then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;
