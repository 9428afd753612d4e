// Where no Xcode compiles the string catalogue, it is read as it is.
#if !canImport(Darwin)
import Foundation

extension Texts {
    static func write(
        _ key: String, language: String, arguments: [(slot: TextSlot, text: String)]
    ) -> String? {
        guard let text = catalogue?.strings[key]?.localizations[language] else { return nil }
        let one = arguments.contains { argument in
            if case .count = argument.slot { argument.text == "1" } else { false }
        }
        let texts = arguments.map(\.text)
        var format = text.variations?.form(one: one) ?? text.stringUnit?.value ?? ""
        for (name, variable) in text.substitutions ?? [:] {
            let part = variable.variations.form(one: variable.isOne(texts)) ?? ""
            let place = "%\(variable.argNum)$lld"
            format = format.replacingOccurrences(
                of: "%#@\(name)@", with: part.replacingOccurrences(of: "%arg", with: place))
        }
        return arguments.isEmpty ? format : filled(format, texts)
    }

    /// The format with its arguments in their places: `%1$@`, `%2$lld`, `%lld`; `%%` is a per cent sign.
    /// What an argument says is never read as a format.
    private static func filled(_ format: String, _ texts: [String]) -> String {
        var (written, rest) = ("", Substring(format))
        while let sign = rest.firstIndex(of: "%") {
            written += rest[..<sign]
            rest = rest[rest.index(after: sign)...]
            if rest.first == "%" {
                written += "%"
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix(while: \.isWholeNumber)
            let place = (Int(digits) ?? 1) - 1
            written += texts.indices.contains(place) ? texts[place] : ""
            let kind = rest.dropFirst(digits.count).drop { $0 == "$" }
            rest = kind.dropFirst(kind.hasPrefix("lld") ? 3 : 1)
        }
        return written + rest
    }

    private static let catalogue: Catalogue? = {
        let url = Bundle.module.url(forResource: "Localizable", withExtension: "xcstrings")
        guard let url, let data = try? Data(contentsOf: url) else { return nil }
        return try? JSONDecoder().decode(Catalogue.self, from: data)
    }()
}

private struct Catalogue: Decodable {
    let strings: [String: Entry]

    struct Entry: Decodable {
        let localizations: [String: Localized]
    }
}

private struct Localized: Decodable {
    let stringUnit: Unit?
    let variations: Variations?
    let substitutions: [String: Variable]?
}

private struct Unit: Decodable {
    let value: String
}

private struct Variations: Decodable {
    let plural: [String: Form]

    struct Form: Decodable {
        let stringUnit: Unit
    }

    func form(one: Bool) -> String? {
        (one ? plural["one"] ?? plural["other"] : plural["other"])?.stringUnit.value
    }
}

private struct Variable: Decodable {
    let argNum: Int
    let variations: Variations

    func isOne(_ texts: [String]) -> Bool {
        texts.indices.contains(argNum - 1) && texts[argNum - 1] == "1"
    }
}
#endif
