import Foundation

/// A gateway in sandbox mode as a process of its own, with an empty data folder. It ends with this object.
///
/// The program is `quittance-gateway` in the folder that QUITTANCE_BIN_DIR names; `cargo xtask test` builds it and sets
/// the variable.
final class GatewayProcess: @unchecked Sendable {
    struct NotStarted: Error {
        let log: String
    }

    let origin: String
    private let process: Process
    private let output: Pipe
    private let folder: URL

    /// Starts a gateway; returns when it listens.
    init() throws {
        folder = try temporaryFolder("gateway")
        guard let programs = ProcessInfo.processInfo.environment["QUITTANCE_BIN_DIR"] else {
            throw NotStarted(log: "QUITTANCE_BIN_DIR names no folder")
        }
        let log = folder.appendingPathComponent("gateway.log")
        try Data().write(to: log)
        process = Process()
        process.executableURL = URL(fileURLWithPath: programs).appendingPathComponent("quittance-gateway")
        let data = folder.appendingPathComponent("data").path
        process.arguments = ["--sandbox", "--listen", "127.0.0.1:0", "--data", data]
        process.standardError = try FileHandle(forWritingTo: log)
        output = Pipe()
        process.standardOutput = output
        try process.run()
        guard let announced = Self.announcement(in: output.fileHandleForReading) else {
            throw NotStarted(log: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
        }
        origin = announced
    }

    /// Ends it at once. Not by SIGTERM: the child has the signal mask of the thread that started it, which blocks that.
    func stop() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// What follows "listening on" in the first line; nothing where the output ends before.
    private static func announcement(in output: FileHandle) -> String? {
        var text = ""
        while !text.contains("\n") {
            let read = output.availableData
            if read.isEmpty { return nil }
            text += String(decoding: read, as: UTF8.self)
        }
        let words = text.split(whereSeparator: \.isNewline).first?.split(separator: " ")
        return words?.last.map(String.init)
    }
}

/// A new folder for one test.
func temporaryFolder(_ name: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quittance-\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}
