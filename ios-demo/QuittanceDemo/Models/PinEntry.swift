import Foundation
import Observation

/// Digits as they are typed. They are never shown; whoever takes them overwrites them, and what is left is overwritten.
@MainActor @Observable final class PinEntry {
    let length: Int
    private(set) var typed = 0
    @ObservationIgnored private var digits: Digits

    init(length: Int) {
        self.length = length
        digits = Digits(count: length)
    }

    var isComplete: Bool { typed == length }

    func add(_ digit: UInt8) {
        guard typed < length, digit < 10 else { return }
        digits[typed] = UInt8(ascii: "0") + digit
        typed += 1
    }

    func removeLast() {
        guard typed > 0 else { return }
        typed -= 1
        digits[typed] = 0
    }

    /// The digits, once: the entry is empty afterwards.
    func take() -> Digits {
        defer {
            digits = Digits(count: length)
            typed = 0
        }
        return digits
    }

    func clear() {
        digits.overwrite()
        typed = 0
    }
}
