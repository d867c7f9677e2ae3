"""Reads frontlog.events.v1, each event once: pip install confluent-kafka.

Keeps its place beside what it makes of the events, so that both are there or neither: here in one
file, else in one transaction of your database. Alone in its group, as positions are dense over all
partitions: one that does not come is a gap.
"""
import json
import os
import sys
import time

from confluent_kafka import Consumer

path = os.environ.get("STATE", "state.json")
stop_after = float(os.environ.get("STOP_AFTER", "inf"))
gap_after = float(os.environ.get("GAP_AFTER_MS", "60000")) / 1000
# Every position to `through` was seen, and those of `ahead`; of each partition the next offset.
state = {"through": 0, "ahead": [], "offsets": {}}
if os.path.exists(path):
    with open(path) as file:
        state = json.load(file)
ahead = set(state["ahead"])
moved_at = time.monotonic()


def resume(consumer, partitions):
    for one in partitions:
        one.offset = state["offsets"].get(str(one.partition), 0)
    consumer.assign(partitions)


consumer = Consumer({
    "bootstrap.servers": os.environ.get("BROKERS", "127.0.0.1:9092"),
    "group.id": os.environ.get("GROUP", "example"),
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
})
consumer.subscribe([os.environ.get("TOPIC", "frontlog.events.v1")], on_assign=resume)
while state["through"] < stop_after:
    if ahead and time.monotonic() - moved_at > gap_after:
        sys.exit(f"gap: position {state['through'] + 1} did not come")
    message = consumer.poll(0.2)
    if message is None or message.error():
        continue
    headers = {name: value.decode() for name, value in message.headers()}
    position = int(headers["ce_position"])
    if position > state["through"] and position not in ahead:
        print(position, headers["ce_type"], message.value().decode(), flush=True)
        ahead.add(position)
        while state["through"] + 1 in ahead:
            state["through"] += 1
            ahead.remove(state["through"])
            moved_at = time.monotonic()
    state["offsets"][str(message.partition())] = message.offset() + 1
    with open(path + ".new", "w") as file:
        json.dump({**state, "ahead": sorted(ahead)}, file)
    os.replace(path + ".new", path)
consumer.close()
