import Foundation
import Quittance

/// The usual password of the payer's safety lock.
let lockPassword = Data("730518".utf8)

/// How a payer's runs go on: prompts are looked at, then answered, well unless the step says otherwise.
struct Answering {
    private static let wrongSecret = "000001"
    private static let back = "quittance://back"
    /// No run of any flow has as many steps.
    private static let mostSteps = 60

    let payer: Payer

    func answer(_ told: Json) async throws {
        let flow = try told.need("flow")
        if let until = told["until"]?.text { return try await answer(flow, until: until) }
        for _ in 0..<(told["times"]?.number ?? 1) {
            try await payer.outcome(told["fails"]?.text) { try await answerOnce(flow, told["with"]) }
        }
    }

    func link(_ told: Json) async throws {
        let kind = try await look(told.need("flow"))?.kind
        let said = try told.need("outcome")
        let back: String
        if told["foreign"]?.truth == true {
            // Links come whenever other apps like.
            back = "\(Self.back)?state=\(String(repeating: "A", count: 43))&outcome=\(said)"
        } else if case .jump(let link) = kind {
            back = try Self.back(from: link, said)
        } else {
            throw Wrong("a step that leads to another app", kind)
        }
        try await payer.outcome(told["fails"]?.text) { _ = try await payer.wallet.resumeLink(link: back) }
    }

    /// Opens the run's screen: what it shows now, once the gateway was asked where it can be; nothing once it ended.
    func look(_ flow: String) async throws -> Prompt? {
        do {
            try await payer.wallet.refreshFlow(flow: flow)
        } catch WalletError.Offline, WalletError.Unknown, WalletError.FlowEnded {}
        do {
            return try await payer.wallet.nextPrompt(flow: flow)
        } catch WalletError.FlowEnded {
            return nil
        }
    }

    private func answer(_ flow: String, until: String) async throws {
        for _ in 0..<Self.mostSteps {
            guard let prompt = try await look(flow) else {
                if until == "done" { return }
                throw Wrong("that the run comes to \(until)", "its end")
            }
            let asks = asksPayer(prompt: prompt)
            if prompt.step == until || (until == "waiting" && !asks) { return }
            if !asks { throw Wrong("that the run comes to \(until)", "waiting at \(prompt.step)") }
            try await payer.outcome(nil) { try await answerOnce(flow, nil) }
        }
        throw Wrong("that the run comes to \(until)", "always another step")
    }

    private func answerOnce(_ flow: String, _ with: Json?) async throws {
        guard let prompt = try await look(flow) else { throw WalletError.FlowEnded(code: nil) }
        if case .jump(let link) = prompt.kind, with == nil {
            _ = try await payer.wallet.resumeLink(link: Self.back(from: link, "approved"))
        } else {
            let answer = try with.map { try choose(prompt.kind, $0) } ?? good(prompt.kind)
            try await payer.wallet.submit(flow: flow, answer: answer)
        }
    }

    private func good(_ kind: PromptKind) throws -> Answer {
        switch kind {
        case .consent: .agree
        case .confirm, .choose: .confirm
        case .biometric: .useBiometric
        case .devicePasscode: .usePasscode
        case .paymentPin: .paymentPin(pin: pin)
        case .lockPassword: .lockPassword(password: lockPassword)
        case .code: try code("latest")
        case .photos, .recording: try images(wanted(kind), 0)
        case .quiz: try quiz(kind, 0)
        case .facts(let questions), .fields(let questions):
            .entered(entries: questions.map { _ in "They do not answer my messages." })
        case .people(let people, _): .entered(entries: people.map(\.account))
        case .jump, .waiting, .inReview, .scheduled, .done, .refused: throw Wrong("something to answer", word(kind))
        }
    }

    private func choose(_ kind: PromptKind, _ with: Json) throws -> Answer {
        let (way, value) = with.members.first.map { ($0.key, $0.value) } ?? (with.text ?? "", .null)
        switch way {
        case "confirm": return .confirm
        case "send_again": return .sendAgain
        case "not_an_image":
            return .images(images: (0..<wanted(kind)).map { _ in Data("%PDF-1.7 no image".utf8) })
        case "wrong_secret": return try secret(kind, Self.wrongSecret)
        case "secret": return try secret(kind, value.text ?? "")
        case "code": return try code(value.text ?? "")
        case "entries": return .entered(entries: value.texts ?? [])
        case "images": return try images(value.number ?? 0, 0)
        case "image_of": return try images(wanted(kind), value["bytes"]?.number ?? 0)
        case "wrong": return try quiz(kind, value.number ?? 0)
        case "not_recognised": return try prompt(kind, thrown(way))
        case "fault": return try prompt(kind, thrown(value.text ?? ""))
        default: throw Wrong("an answer to \(word(kind))", with)
        }
    }

    /// Goes on to the platform's prompt, which ends so.
    private func prompt(_ kind: PromptKind, _ fault: any Error) -> Answer {
        payer.prompt.answerOnce { _ in throw fault }
        return if case .devicePasscode = kind { .usePasscode } else { .useBiometric }
    }

    private func secret(_ kind: PromptKind, _ typed: String) throws -> Answer {
        switch kind {
        case .paymentPin: .paymentPin(pin: Data(typed.utf8))
        case .lockPassword: .lockPassword(password: Data(typed.utf8))
        default: throw Wrong("a step that asks for a secret", word(kind))
        }
    }

    private func code(_ which: String) throws -> Answer {
        let code = try payer.stage.ask("code", .text(which))
        return .code(code: Data((code.text ?? "").utf8))
    }

    private func images(_ count: Int64, _ bytes: Int64) throws -> Answer {
        let given = try payer.stage.ask("images", .object(["count": .number(count), "bytes": .number(bytes)]))
        return .images(images: try (given.texts ?? []).map(Hex.bytes))
    }

    private func quiz(_ kind: PromptKind, _ wrong: Int64) throws -> Answer {
        guard case .quiz(let about, let questions) = kind else { throw Wrong("a quiz", word(kind)) }
        let asked = questions.map { Json.object(["about": .text($0.about), "choices": .texts($0.choices)]) }
        let given = try payer.stage.ask(
            "quiz", .object(["about": .text(word(about)), "questions": .list(asked), "wrong": .number(wrong)]))
        return .entered(entries: given.texts ?? [])
    }

    private func wanted(_ kind: PromptKind) -> Int64 {
        if case .photos(_, let images, _) = kind { Int64(images) } else { 1 }
    }

    /// The link by which the other app leads back.
    private static func back(from link: String, _ outcome: String) throws -> String {
        let parts = link.split { $0 == "?" || $0 == "&" }
        guard let state = parts.first(where: { $0.hasPrefix("state=") }) else {
            throw Wrong("a link with a state", link)
        }
        return "\(back)?\(state)&outcome=\(outcome)"
    }
}
