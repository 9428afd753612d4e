import Foundation
import Quittance
import QuittanceTexts

/// The reader's language, and how it writes amounts and moments.
struct Manner: Sendable {
    /// One of the catalogue's.
    let language: String
    let locale: Locale
    private var calendar: Calendar
    /// What time it is for the reader: it decides whether a moment is "today".
    let now: @Sendable () -> Date

    /// The phone's own manner; a test sets another for the task that it runs in.
    @TaskLocal static var current = Manner(language: Texts.preferredLanguage, timeZone: .current) { Date() }

    init(language: String, timeZone: TimeZone, now: @escaping @Sendable () -> Date) {
        self.language = language
        locale = Locale(identifier: language)
        calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        self.now = now
    }

    enum Nearness { case yesterday, today, tomorrow, near, far }

    struct Parts {
        let nearness: Nearness
        let weekday: String
        let date: String
        let time: String
    }

    /// Days around today within which the weekday is said.
    private static let nearDays = 7

    /// The figure of an amount, with as many decimals as its currency has.
    func value(of money: Money) -> String {
        let digits = Self.decimals(of: money.currency)
        let value = Decimal(money.minor) / pow(Decimal(10), digits)
        return value.formatted(.number.precision(.fractionLength(digits)).locale(locale))
    }

    /// The minor units of an amount as it was typed, read whole; nothing where a part of it is no amount, where its groups
    /// are others than the reader's language writes, or where it has more decimals than its currency.
    func minor(of typed: String, _ currency: String) -> Int64? {
        let parts = typed.components(separatedBy: locale.decimalSeparator ?? ".")
        let groups = parts[0].components(separatedBy: locale.groupingSeparator ?? ",")
        guard parts.count <= 2, Self.areGroups(groups) else { return nil }
        let decimals = Self.decimals(of: currency)
        var fraction = parts.count == 2 ? parts[1] : ""
        while fraction.hasSuffix("0"), fraction.count > decimals { fraction.removeLast() }
        guard fraction.count <= decimals else { return nil }
        let letters = groups.joined() + fraction
        let digits = letters.compactMap(Self.digit)
        guard !letters.isEmpty, digits.count == letters.count else { return nil }
        let minor = digits.map(String.init).joined() + String(repeating: "0", count: decimals - fraction.count)
        return Int64(minor).flatMap { $0 > 0 ? $0 : nil }
    }

    /// One group of any length, or more of three figures each, of which the first may be shorter.
    private static func areGroups(_ groups: [String]) -> Bool {
        groups.count == 1 || ((1...3).contains(groups[0].count) && groups.dropFirst().allSatisfy { $0.count == 3 })
    }

    /// A figure of any script; a sign or a letter is none.
    private static func digit(_ letter: Character) -> Int? {
        letter.unicodeScalars.first?.properties.numericType == .decimal ? letter.wholeNumberValue : nil
    }

    func parts(of date: Date) -> Parts {
        Parts(
            nearness: nearness(of: date), weekday: format(date, "EEEE"), date: format(date, dayPattern(date)),
            time: format(date, "HH:mm"))
    }

    private func nearness(of date: Date) -> Nearness {
        let from = calendar.startOfDay(for: now())
        let days = calendar.dateComponents([.day], from: from, to: calendar.startOfDay(for: date)).day ?? 0
        return switch days {
        case -1: .yesterday
        case 0: .today
        case 1: .tomorrow
        case -Self.nearDays...Self.nearDays: .near
        default: .far
        }
    }

    /// The year is said where it is another one.
    private func dayPattern(_ date: Date) -> String {
        let sameYear = calendar.component(.year, from: date) == calendar.component(.year, from: now())
        if locale.language.languageCode == .chinese { return sameYear ? "M月d日" : "y年M月d日" }
        return sameYear ? "d MMMM" : "d MMMM y"
    }

    private func format(_ date: Date, _ pattern: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = locale
        formatter.calendar = calendar
        formatter.timeZone = calendar.timeZone
        formatter.dateFormat = pattern
        return formatter.string(from: date)
    }

    /// Decimals by ISO 4217, where they are not two.
    private static func decimals(of currency: String) -> Int {
        switch currency {
        case "JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "UGX", "PYG", "RWF", "DJF", "GNF", "KMF", "VUV",
            "BIF":
            0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        default: 2
        }
    }

    /// A length of time in its largest whole unit: `PT24H` is 24 hours, `P3BD` three working days.
    static func largest(of span: String) -> (UInt64, String)? {
        let units: [(end: String, key: String)] = [
            ("BD", "working_days"), ("D", "days"), ("H", "hours"), ("M", "minutes"), ("S", "seconds"),
        ]
        let body = span.drop { "PT".contains($0) }
        for unit in units where body.hasSuffix(unit.end) {
            if let number = UInt64(body.dropLast(unit.end.count)) { return (number, unit.key) }
        }
        return nil
    }

    /// Seconds in the largest unit that says them well.
    static func span(ofSeconds seconds: UInt32) -> String {
        switch seconds {
        case ..<120: "PT\(seconds)S"
        case ..<7_200: "PT\((seconds + 59) / 60)M"
        default: "PT\((seconds + 3_599) / 3_600)H"
        }
    }
}
