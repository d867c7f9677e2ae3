import java.io.IOException;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads frontlog.events.v1, each event once: java -cp 'libs/*' Consumer.java. Keeps its place
 * beside what it makes of the events, so that both are there or neither: here in one file. Alone in
 * its group, as positions are dense over all partitions: one that does not come is a gap.
 */
class Consumer {
  static final Map<String, String> environment = System.getenv();
  static final Path path = Path.of(environment.getOrDefault("STATE", "state.properties"));
  // Every position to "through" was seen, and each "ahead N"; "partition N" is its next offset.
  static final Properties state = new Properties();
  static long movedAt = System.currentTimeMillis();
  public static void main(String[] arguments) throws IOException {
    if (Files.exists(path)) try (var in = Files.newInputStream(path)) { state.load(in); }
    var strings = org.apache.kafka.common.serialization.StringDeserializer.class;
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", environment.getOrDefault("BROKERS", "127.0.0.1:9092"),
        "group.id", environment.getOrDefault("GROUP", "example"),
        "isolation.level", "read_committed", "enable.auto.commit", "false",
        "key.deserializer", strings, "value.deserializer", strings);
    long gapAfter = Long.parseLong(environment.getOrDefault("GAP_AFTER_MS", "60000"));
    long stopAfter = Long.parseLong(environment.getOrDefault("STOP_AFTER", "" + Long.MAX_VALUE));
    try (var consumer = new KafkaConsumer<String, String>(settings)) {
      var topic = environment.getOrDefault("TOPIC", "frontlog.events.v1");
      consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
        public void onPartitionsRevoked(Collection<TopicPartition> gone) {}
        public void onPartitionsAssigned(Collection<TopicPartition> ours) {
          for (var one : ours) consumer.seek(one, read("partition " + one.partition()));
        }
      });
      while (read("through") < stopAfter) {
        for (var message : consumer.poll(Duration.ofMillis(200))) take(message);
        boolean waits = state.keySet().stream().anyMatch(one -> ("" + one).startsWith("ahead"));
        if (waits && System.currentTimeMillis() - movedAt > gapAfter)
          throw new IllegalStateException("gap: " + (read("through") + 1) + " did not come");
      }
    }
  }
  static void take(ConsumerRecord<String, String> message) throws IOException {
    long position = Long.parseLong(new String(message.headers().lastHeader("ce_position").value()));
    if (position > read("through") && state.put("ahead " + position, "") == null) {
      System.out.println(position + " " + message.value());
      while (state.remove("ahead " + (read("through") + 1)) != null) {
        state.put("through", "" + (read("through") + 1));
        movedAt = System.currentTimeMillis();
      }
    }
    state.put("partition " + message.partition(), "" + (message.offset() + 1));
    try (var out = Files.newOutputStream(Path.of(path + ".new"))) { state.store(out, null); }
    Files.move(Path.of(path + ".new"), path, StandardCopyOption.REPLACE_EXISTING);
  }
  static long read(String name) { return Long.parseLong(state.getProperty(name, "0")); }
}
