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
    /// Bound to the gateway's port once it is gone.
    private var port: Int32?

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
    ///
    /// Its port stays bound until this object ends, without listening: another gateway that is started meanwhile shall not
    /// answer in its place.
    func stop() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        if port == nil { port = Self.bound(to: origin) }
    }

    /// A socket that is bound to an origin's port; where that cannot be had, it is hoped for.
    private static func bound(to origin: String) -> Int32? {
        guard let number = URL(string: origin)?.port.flatMap(UInt16.init(exactly:)) else { return nil }
        #if os(Linux)
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let made = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard made >= 0 else { return nil }
        var reuse: Int32 = 1
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(made, $0, length) }
        }
        if result == 0 { return made }
        close(made)
        return nil
    }

    deinit {
        stop()
        if let port { close(port) }
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
