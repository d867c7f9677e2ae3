-- The Merkle tree over the log (RFC 9162): what makes a changed event evident. It follows the log,
-- so that an append waits for nothing.

-- Hashes of complete subtrees, 256 of one height a row: level 0 holds those of the events, level 1
-- those of 256 events each, and so on. The last row of a level grows.
create table log_tiles (
  level smallint not null,
  index bigint not null,
  hashes bytea not null,
  primary key (level, index)
);

create table log_head (
  -- How many events it is over: also the position of the last.
  size bigint not null,
  root_hash bytea not null,
  signed_at timestamptz not null,
  -- A signed note: the head as a text, and its signature.
  note text not null,
  public_key bytea not null,
  only_row boolean primary key default true check (only_row)
);
