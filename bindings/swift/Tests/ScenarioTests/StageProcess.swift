import Foundation

/// What did not come out as the scenario says.
struct Wrong: Error, CustomStringConvertible {
    let expected: String
    let was: String

    init(_ expected: Any?, _ was: Any?) {
        self.expected = shown(expected)
        self.was = shown(was)
    }

    var description: String { "expected \(expected), was \(was)" }
}

/// The same, with its step: nothing for what is given.
struct WrongAt: Error, CustomStringConvertible {
    let step: Int64?
    let wrong: Wrong

    var description: String { "step \(step.map { "\($0)" } ?? "given"): \(wrong)" }
}

private func shown(_ value: Any?) -> String {
    value.map { "\($0)" } ?? "nothing"
}

/// Compares what is with what should be.
func same<T: Equatable>(_ what: String, _ expected: T?, _ was: T?) throws {
    if expected != was { throw Wrong("\(what) \(shown(expected))", was) }
}

/// Compares one member, where the scenario states it.
func check<T: Equatable>(_ what: String, _ expected: T?, _ was: @autoclosure () throws -> T?) throws {
    if let expected { try same(what, expected, was()) }
}

/// The world of one scenario as a process: gateway, merchants, banks, other people, time. One line of JSON goes in, one
/// comes out; `testkit/src/scenario/host.rs` says which. It ends with this object.
final class StageProcess {
    struct Gone: Error {}

    private static let newline = UInt8(ascii: "\n")

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var read = Data()

    init() throws {
        guard let programs = ProcessInfo.processInfo.environment["QUITTANCE_BIN_DIR"] else { throw Gone() }
        process.executableURL = URL(fileURLWithPath: programs).appendingPathComponent("quittance-stage")
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        // The stage ends with what it is told.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Says one thing: the reply's name with its content. A step of the world that failed is thrown.
    func say(_ name: String, _ content: Json = .object([:])) throws -> (reply: String, content: Json) {
        var said = try JSONEncoder().encode(Json.object([name: content]))
        said.append(Self.newline)
        try input.fileHandleForWriting.write(contentsOf: said)
        guard let answer = try JSONDecoder().decode(Json.self, from: line()).members.first else { throw Gone() }
        if answer.key == "wrong" {
            let wrong = Wrong(try answer.value.need("expected"), try answer.value.need("was"))
            throw WrongAt(step: answer.value["step"]?.number, wrong: wrong)
        }
        return (answer.key, answer.value)
    }

    /// Asks for something, or reports it: what the stage gives back.
    @discardableResult
    func ask(_ name: String, _ content: Json) throws -> Json {
        let (reply, given) = try say(name, content)
        if reply != "given" { throw Wrong("an answer to \(name)", reply) }
        return given
    }

    private func line() throws -> Data {
        while true {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Gone() }
            read.append(more)
            // It answers what it is asked and nothing else: a line's end is the end of what there is.
            if more.last == Self.newline {
                defer { read = Data() }
                return read
            }
        }
    }
}
