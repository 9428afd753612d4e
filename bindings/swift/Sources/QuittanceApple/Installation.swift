import Foundation

/// The mark that one installation of the app leaves among its files, which end with it.
struct Installation: Sendable {
    let folder: URL

    private var file: URL { folder.appendingPathComponent("installation") }

    var isMarked: Bool { FileManager.default.fileExists(atPath: file.path) }

    /// Leaves the mark, and keeps it out of backups: a restored app has no keys, so it must not look installed.
    func mark() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data().write(to: file, options: .atomic)
        #if canImport(Darwin)
        var marked = file
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try marked.setResourceValues(values)
        #endif
    }
}
