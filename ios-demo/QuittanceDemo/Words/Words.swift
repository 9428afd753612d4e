import Foundation
import Quittance
import QuittanceTexts

/// A value that a text names, before the reader's language writes it.
enum Value {
    /// How many; it chooses the plural.
    case count(UInt64)
    case amount(Money)
    case moment(Date)
    /// A length of time as ISO 8601; business days as `P3BD`.
    case wait(String)
    /// The same in every language.
    case words(String)
    /// Keys of other texts, listed.
    case keys([String])
}

/// What the wallet wants said, in the reader's language. The only place that knows how its texts and values meet.
func words(_ text: PromptText) -> String {
    say(text.key, text.arguments.mapValues(Value.init))
}

extension Value {
    init(_ argument: TextArgument) {
        self =
            switch argument {
            case .count(let count): .count(count)
            case .amount(let amount): .amount(amount)
            case .moment(let moment): .moment(moment)
            case .wait(let duration): .wait(duration)
            case .words(let words): .words(words)
            case .keys(let keys): .keys(keys)
            }
    }
}

/// A text of the catalogue with its values. A key without a text shows itself: it is never an empty button.
func say(_ key: String, _ values: [String: Value] = [:]) -> String {
    let text = Texts.text(key, language: Manner.current.language) { slot in
        values[slot.name].map(written) ?? ""
    }
    return text ?? key
}

/// Whether the catalogue has a text.
func isText(_ key: String) -> Bool {
    Texts.slots(of: key) != nil
}

/// A value by itself, in the reader's manner.
func written(_ value: Value) -> String {
    switch value {
    case .count(let number): "\(number)"
    case .amount(let money): written(money)
    case .moment(let date): written(date)
    case .wait(let span): Manner.largest(of: span).map { say("app.wait." + $1, ["count": .count($0)]) } ?? span
    case .words(let words): words
    case .keys(let keys): keys.map { say($0) }.joined(separator: say("app.list.separator"))
    }
}

private func written(_ money: Money) -> String {
    let own = "app.money." + money.currency.lowercased()
    let value = Value.words(Manner.current.value(of: money))
    return say(isText(own) ? own : "app.money.other", ["value": value, "currency": .words(money.currency)])
}

private func written(_ date: Date) -> String {
    let parts = Manner.current.parts(of: date)
    return say(
        "app.moment." + keyName(parts.nearness),
        ["time": .words(parts.time), "date": .words(parts.date), "weekday": .words(parts.weekday)])
}

/// A count as a text takes it.
func count<Number: BinaryInteger>(_ number: Number) -> Value {
    .count(UInt64(clamping: number))
}

/// The end of a text's key for one of several: `.pendingBank` gives "pending_bank".
func keyName<Choice>(_ choice: Choice) -> String {
    var name = ""
    for letter in "\(choice)".prefix(while: { $0 != "(" }) {
        if letter.isUppercase, !name.isEmpty { name += "_" }
        name += letter.lowercased()
    }
    return name
}
