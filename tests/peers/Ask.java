// Asks with Java's own client and its default headers: `java Ask.java <origin> <path>…`. Prints a line for each path: the
// status code, the media type, and the body if it is short.
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

public class Ask {
    public static void main(String[] args) throws Exception {
        for (int at = 1; at < args.length; at++) {
            var connection = (HttpURLConnection) URI.create(args[0] + args[at]).toURL().openConnection();
            connection.setReadTimeout(10_000);
            int status = connection.getResponseCode();
            try (InputStream stream = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                String body = new String(stream.readAllBytes(), StandardCharsets.UTF_8).strip();
                String shown = body.length() < 20 ? " " + body : "";
                System.out.println(args[at] + ": " + status + " " + connection.getContentType() + shown);
            }
        }
    }
}
