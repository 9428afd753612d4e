import Foundation
import Quittance

// What the facade says, in the words of scenarios.

/// A case in the way scenarios write it: `paymentPin(digits: 6)` is `payment_pin`.
func word(_ value: Any) -> String {
    let name = "\(value)".prefix { $0 != "(" }
    return snake(String(name.split(separator: ".").last ?? name))
}

private func snake(_ name: String) -> String {
    name.reduce(into: "") { word, letter in
        if letter.isUppercase && !word.isEmpty { word += "_" }
        word += letter.lowercased()
    }
}

/// A refusal by its code. The facade tells inputs that cannot be used by their member, where scenarios have a word for
/// each.
func name(of refusal: WalletError) -> String {
    switch refusal {
    case .Refused(let code, _): code
    case .Offline: "offline"
    case .WrongPin: "wrong_secret"
    case .PinLocked: "factor_locked"
    case .SameSecret: "same_secret"
    case .Biometric(.LockedOut(permanent: true)): "locked_for_good"
    case .Biometric(let ended): word(ended)
    case .WrongAnswer: "wrong_answer"
    case .FlowEnded(let code): code ?? "flow_ended"
    case .Unknown(let what): "unknown_\(what)"
    case .RouteClosed: "route_closed"
    case .ForeignLink: "foreign_state"
    case .NotAnImage: "not_an_image"
    case .TooLarge: "too_large"
    case .NotPayable: "not_payable"
    case .Storage: "storage"
    case .Distrusted(let reason): "distrusted_\(reason)"
    case .InvalidInput("pin", _): "secret_format"
    case .InvalidInput("mandates", _): "too_many"
    case .InvalidInput("amount", _): "above_limit"
    default: "\(refusal)"
    }
}

/// An error of native code that the library knows nothing of.
struct Foreign: Error {}

/// A fault of the platform's prompt as native code throws it.
func thrown(_ fault: String) throws -> any Error {
    switch fault {
    case "user_cancelled": BiometricError.UserCancelled
    case "timed_out": BiometricError.TimedOut
    case "not_recognised": BiometricError.NotRecognised(failures: 1)
    case "locked_out": BiometricError.LockedOut(permanent: false)
    case "locked_for_good": BiometricError.LockedOut(permanent: true)
    case "not_enrolled": BiometricError.NotEnrolled
    case "hardware_unavailable": BiometricError.HardwareUnavailable
    case "key_invalidated": BiometricError.KeyInvalidated
    case "key_missing": BiometricError.KeyMissing
    case "exception": Foreign()
    default: throw Wrong("a fault of the prompt", fault)
    }
}

/// What became of an item of a batch.
func word(_ outcome: ItemOutcome) -> String {
    switch outcome {
    case .unfinished: "open"
    case .ending(.closed): "closed"
    default: word(outcome as Any)
    }
}

/// What became of a charge.
func word(_ outcome: ChargeOutcome) -> String {
    switch outcome {
    case .approved: "approved"
    case .declined(let code): code
    }
}

/// Compares texts one by one. The facade gives a text's values by name, so their sequence is the scenario's.
func checkSaid(_ what: String, _ expected: [String]?, _ texts: [PromptText], _ part: String) throws {
    guard let expected else { return }
    let was = texts.map { said($0, part) }
    let fits = expected.count == was.count && zip(expected, was).allSatisfy { $1.contains($0) }
    if !fits { throw Wrong("\(what) \(expected)", was.compactMap(\.first)) }
}

/// Ways in which a scenario may write a text: what follows a part of its key, then the values that it names.
private func said(_ text: PromptText, _ part: String) -> [String] {
    let key = text.key.range(of: part).map { String(text.key[$0.upperBound...]) } ?? text.key
    return orders(text.arguments.values.map(written)).map { ([key] + $0).joined(separator: " ") }
}

private func orders(_ values: [String]) -> [[String]] {
    if values.isEmpty { return [[]] }
    return values.indices.flatMap { first in
        var rest = values
        let value = rest.remove(at: first)
        return orders(rest).map { [value] + $0 }
    }
}

func written(_ value: TextArgument) -> String {
    switch value {
    case .count(let count): "\(count)"
    case .amount(let amount):
        "\(amount.currency) \(amount.minor / 100)." + String(format: "%02d", Int(amount.minor % 100))
    case .moment(let moment): moment.ISO8601Format()
    case .wait(let duration): duration
    case .words(let words): words
    case .keys(let keys): keys.joined(separator: " ")
    }
}

/// What the payer is told: its name, and its members as scenarios write them.
func written(_ event: WalletEvent) -> [String: Json] {
    var members: [String: Json] = ["event": .text(word(event as Any))]
    // A case with members is shown as its name with a tuple of them.
    guard let values = Mirror(reflecting: event).children.first?.value else { return members }
    for (label, value) in Mirror(reflecting: values).children {
        if let label { members[snake(label)] = json(value) }
    }
    return members
}

private func json(_ value: Any) -> Json {
    switch value {
    case let text as String: .text(text)
    case let texts as [String]: .texts(texts)
    case let count as UInt64: .number(Int64(count))
    case let truth as Bool: .truth(truth)
    case let money as Money: .object(["minor": .number(money.minor), "currency": .text(money.currency)])
    case let moment as Date: .text(moment.ISO8601Format())
    default: .text(word(value))
    }
}

/// Whole seconds since 1970.
func seconds(_ moment: Date) -> Int64 {
    Int64(moment.timeIntervalSince1970.rounded())
}
