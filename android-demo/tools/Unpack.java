import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Makes one jar of the classes in a folder of AARs and jars, unpacks the AARs' resources, and lists their packages.
 *
 * Arguments: the folder of libraries, the jar to write, the folder for resources. The last one may be left out.
 */
public final class Unpack {
    private static final Pattern PACKAGE = Pattern.compile("\\bpackage=\"([^\"]+)\"");

    private final Set<String> written = new HashSet<>();
    private final Set<String> packages = new TreeSet<>();

    public static void main(String[] arguments) throws IOException {
        new Unpack().run(Path.of(arguments[0]), Path.of(arguments[1]), arguments.length > 2 ? Path.of(arguments[2]) : null);
    }

    private void run(Path libraries, Path jar, Path resources) throws IOException {
        List<Path> found = new ArrayList<>();
        try (var files = Files.list(libraries)) {
            files.sorted().forEach(found::add);
        }
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.setLevel(1);
            for (Path library : found) {
                String name = library.getFileName().toString();
                if (name.endsWith(".jar")) {
                    try (InputStream in = Files.newInputStream(library)) {
                        classes(in, out);
                    }
                } else if (name.endsWith(".aar")) {
                    archive(library, out, resources == null ? null : resources.resolve(name.replace(".aar", "")));
                }
            }
        }
        if (resources != null) {
            Files.writeString(resources.resolve("packages"), String.join(":", packages));
        }
    }

    private void archive(Path library, ZipOutputStream out, Path resources) throws IOException {
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(library))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                String name = entry.getName();
                if (name.equals("classes.jar")) {
                    classes(in, out);
                } else if (resources != null && name.equals("AndroidManifest.xml")) {
                    Matcher named = PACKAGE.matcher(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
                    if (named.find()) {
                        packages.add(named.group(1));
                    }
                } else if (resources != null && name.startsWith("res/") && !entry.isDirectory()) {
                    Path file = resources.resolve(name.substring("res/".length())).normalize();
                    if (!file.startsWith(resources)) {
                        throw new IOException(library + " leads out of its folder: " + name);
                    }
                    Files.createDirectories(file.getParent());
                    Files.write(file, in.readAllBytes());
                }
            }
        }
    }

    /** Copies what is not there yet: the first library that brings a name keeps it. */
    private void classes(InputStream in, ZipOutputStream out) throws IOException {
        ZipInputStream jar = new ZipInputStream(in);
        for (ZipEntry entry = jar.getNextEntry(); entry != null; entry = jar.getNextEntry()) {
            String name = entry.getName();
            if (!entry.isDirectory() && !name.equals("META-INF/MANIFEST.MF") && written.add(name)) {
                copy(name, jar, out);
            }
        }
    }

    private static void copy(String name, InputStream in, OutputStream to) throws IOException {
        ZipOutputStream out = (ZipOutputStream) to;
        out.putNextEntry(new ZipEntry(name));
        in.transferTo(out);
        out.closeEntry();
    }
}
