import Foundation

/// An argument of a text: the name under which a prompt or a screen gives it. Its kind decides how
/// it is written in the reader's language.
public enum TextSlot: Sendable, Hashable {
    /// A number of things, in digits.
    case count(String)
    /// An amount of money with its currency.
    case amount(String)
    /// A point in time.
    case moment(String)
    /// A length of time.
    case wait(String)
    /// Words as they are.
    case words(String)
    /// Keys of other texts, which are listed.
    case keys(String)

    /// The name of the argument.
    public var name: String {
        switch self {
        case .count(let name), .amount(let name), .moment(let name), .wait(let name),
            .words(let name), .keys(let name):
            name
        }
    }
}

/// Every word that a reader sees, by its key in the catalogue.
public enum Texts {
    /// The arguments of a text in the sequence of its format; nothing where there is no such text.
    public static func slots(of key: String) -> [TextSlot]? {
        slots[key]
    }

    /// A text in a language of the catalogue (`en`, `zh-Hans`); nothing where there is no such text.
    ///
    /// `argument` writes each argument in that language: a count as its digits, an amount with its
    /// currency, a moment or a wait as people say it.
    public static func text(
        _ key: String, language: String = preferredLanguage,
        argument: (TextSlot) -> String = { _ in "" }
    ) -> String? {
        guard let slots = slots[key] else { return nil }
        return write(key, language: language, arguments: slots.map { ($0, argument($0)) })
    }

    /// The language of the catalogue that the reader likes best.
    public static var preferredLanguage: String {
        let liked = Locale.preferredLanguages
        return Bundle.preferredLocalizations(from: languages, forPreferences: liked).first ?? "en"
    }

    /// Every language of the catalogue, the source first.
    public static let languages = ["en", "zh-Hans"]
}
