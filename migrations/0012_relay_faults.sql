-- Why nothing is published to the topic until somebody mends it, and since when: written by who has
-- the lock, gone once it goes on. Null also where what is in the way goes by itself, as Kafka away.
alter table relay_topics
  add column last_error text,
  add column failed_at timestamptz;
