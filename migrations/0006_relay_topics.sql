-- What the log has to say of its Kafka topic. `partitions` is pinned by the first relay: with another
-- count a key would go elsewhere, and its order would break. `position` is for display alone, a second
-- old at most: what was relayed is known from Kafka, where it commits together with the messages.
create table relay_topics (
  topic text primary key,
  partitions integer not null check (partitions > 0),
  position bigint not null default 0
);
