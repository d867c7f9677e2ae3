import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Prints the partition that the Java client sends each key to: one key a line, as a file. */
class PartitionOfKey {
  public static void main(String[] arguments) throws IOException {
    int partitions = Integer.parseInt(arguments[0]);
    StringBuilder out = new StringBuilder();
    for (String key : Files.readAllLines(Path.of(arguments[1]), StandardCharsets.UTF_8)) {
      byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
      out.append(BuiltInPartitioner.partitionForKey(bytes, partitions)).append('\n');
    }
    System.out.print(out);
  }
}
