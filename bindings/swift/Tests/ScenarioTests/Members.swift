import Foundation
import Quittance

/// Any JSON.
indirect enum Json: Codable, Equatable, Sendable {
    case null
    case truth(Bool)
    case number(Int64)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? value.decode(Int64.self) {
            self = .number(number)
        } else if let list = try? value.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }

    func encode(to encoder: Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .truth(let truth): try value.encode(truth)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let members): try value.encode(members)
        }
    }

    /// A member by its name; one that is not stated is nothing.
    subscript(_ name: String) -> Json? {
        guard case .object(let members) = self, let value = members[name], value != .null else { return nil }
        return value
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    var number: Int64? {
        if case .number(let number) = self { number } else { nil }
    }

    var truth: Bool? {
        if case .truth(let truth) = self { truth } else { nil }
    }

    var list: [Json]? {
        if case .list(let list) = self { list } else { nil }
    }

    var texts: [String]? { list?.compactMap(\.text) }

    var members: [String: Json] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// A text that the step must have.
    func need(_ name: String) throws -> String {
        guard let text = self[name]?.text else { throw Wrong("a member \(name)", self) }
        return text
    }

    /// An amount that the step must have.
    func money(_ name: String) throws -> Money {
        guard let amount = self[name], let minor = amount["minor"]?.number else {
            throw Wrong("an amount \(name)", self)
        }
        return Money(minor: minor, currency: try amount.need("currency"))
    }

    static func texts(_ texts: [String]) -> Json { .list(texts.map(Json.text)) }
}

/// Bytes as hexadecimal digits, and back.
enum Hex {
    static func text(_ bytes: Data) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    static func bytes(_ text: String) throws -> Data {
        var bytes = Data(capacity: text.utf8.count / 2)
        var high: UInt8?
        for digit in text.utf8 {
            let value = digit < 0x3a ? digit &- 0x30 : digit &- 0x57
            guard value < 16 else { throw Wrong("hexadecimal digits", digit) }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
