import Foundation
import Testing

/// Every scenario of the repository, played over the Swift package against a gateway that is another process.
@Suite struct ScenarioTests {
    /// As many are played at the same time.
    static let places = Places(3)

    @Test("Each scenario passes", arguments: Scenarios.names)
    func passes(_ name: String) async throws {
        try await Self.places.take { try await play(Scenarios.read(name)) }
    }

    @Test("Its app may die after each step", arguments: Scenarios.mortal)
    func restarts(_ name: String) async throws {
        try await Self.places.take { try await play(Scenarios.read(name), restarting: true) }
    }

    @Test("Every file below the folder is one of them")
    func complete() throws {
        let below = try FileManager.default.subpathsOfDirectory(atPath: Scenarios.folder.path)
        let files = below.filter { $0.hasSuffix(".json") }
        #expect(files.count > 90)
        #expect(files.count == Scenarios.names.count)
    }

    @Test(
        "An expectation that is wrong fails at its step",
        arguments: [
            // Of the phone.
            ("quick_cancel", 8, "of", Json.number(4)),
            ("quick_cancel", 13, "is", Json.text("refused")),
            ("quick_cancel", 15, "expect_receipts", Json.number(2)),
            ("pin_form", 4, "fails", Json.text("wrong_secret")),
            ("lost_keys", 3, "fails", Json.null),
            ("lost_keys", 4, "expect_problem", Json.text("retry")),
            ("clock_a_day_off", 4, "values", Json.texts(["PT23H"])),
            ("biometrics_not_enrolled", 4, "remedy", Json.text("sync")),
            ("no_screen_lock", 10, "fails", Json.null),
            // Of the world.
            ("quick_cancel", 7, "gives", Json.text("approved")),
            ("quick_cancel", 14, "cause", Json.text("merchant")),
        ])
    func fails(_ name: String, _ step: Int, _ member: String, _ value: Json) async throws {
        try await fails(name, step, member, value, noticed: step)
    }

    @Test(
        "Trouble that does not come is missed",
        arguments: [
            ("restored_backup", 7, "files", Json.text("after"), 8),
            ("gateway_with_another_log_key", 1, "log_key", Json.text("own"), 4),
            ("no_screen_lock", 2, "screen_lock", Json.truth(true), 3),
        ])
    func misses(_ name: String, _ step: Int, _ member: String, _ value: Json, _ noticed: Int) async throws {
        try await fails(name, step, member, value, noticed: noticed)
    }

    private func fails(_ name: String, _ step: Int, _ member: String, _ value: Json, noticed: Int) async throws {
        var scenario = try Scenarios.read(name).members
        var steps = try #require(scenario["steps"]?.list)
        var changed = steps[step - 1].members
        try #require(changed[member] != nil)
        changed[member] = value
        steps[step - 1] = .object(changed)
        scenario["steps"] = .list(steps)
        let wrong = Json.object(scenario)
        do {
            try await Self.places.take { try await play(wrong) }
            Issue.record("nothing was wrong")
        } catch let failed as WrongAt {
            #expect(failed.step == Int64(noticed))
        }
    }
}

/// The files, beside this package.
enum Scenarios {
    static let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../scenarios").standardized

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.map { $0.deletingPathExtension().lastPathComponent }.sorted()
    }()

    /// Every scenario is played so in Rust; these show that the library itself can be let go and opened at any time.
    static let mortal = ["quick_cancel", "offline_cancel", "bank_confirms", "quiz_passes", "biometrics_not_enrolled"]

    static func read(_ name: String) throws -> Json {
        try JSONDecoder().decode(Json.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }
}

/// Plays a scenario to its end.
private func play(_ scenario: Json, restarting: Bool = false) async throws {
    let payer = try await Payer(entering: StageProcess(), for: scenario)
    let answering = Answering(payer: payer)
    let looking = Looking(payer: payer, answering: answering)
    let doing = Doing(payer: payer, answering: answering, looking: looking)
    while true {
        let (reply, turn) = try payer.stage.say("next")
        if reply == "passed" { return }
        payer.now = turn["now"]?.number ?? payer.now
        let told = turn["told"] ?? .null
        do {
            let verb = try told.need("verb")
            var known = try await doing.act(verb, told)
            if !known { known = try await looking.expect(verb, told) }
            if !known { throw Wrong("a verb of the payer's", verb) }
            if restarting { try await payer.restart() }
        } catch let wrong as Wrong {
            throw WrongAt(step: turn["step"]?.number, wrong: wrong)
        }
    }
}

/// Lets so many work at the same time; who comes later waits.
actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) {
        free = count
    }

    nonisolated func take(_ work: () async throws -> Void) async throws {
        await enter()
        do {
            try await work()
            await leave()
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
