-- Who goes on with a replay: a command at a terminal, or the process that relays. `last_error` is
-- why the service does not get on with it.
alter table replays
  add column run_by text not null default 'command' check (run_by in ('command', 'service')),
  add column last_error text;
