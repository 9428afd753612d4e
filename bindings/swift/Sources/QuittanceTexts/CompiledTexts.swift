// What Xcode makes of the string catalogue: the system finds the text, and chooses its form.
#if canImport(Darwin)
import Foundation

extension Texts {
    static func write(
        _ key: String, language: String, arguments: [(slot: TextSlot, text: String)]
    ) -> String? {
        let folder = Bundle.module.path(forResource: language, ofType: "lproj")
        guard let bundle = folder.flatMap(Bundle.init(path:)) else { return nil }
        let format = bundle.localizedString(forKey: key, value: nil, table: nil)
        if arguments.isEmpty { return format }
        let values: [any CVarArg] = arguments.map { argument in
            guard case .count = argument.slot else { return argument.text }
            return Int64(argument.text) ?? .max
        }
        return String(format: format, locale: Locale(identifier: language), arguments: values)
    }
}
#endif
