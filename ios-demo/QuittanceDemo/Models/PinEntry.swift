import Foundation
import Observation

/// Digits as they are typed. They are never shown, and are overwritten as soon as they are handed over or left.
@MainActor @Observable final class PinEntry {
    let length: Int
    private(set) var typed = 0
    @ObservationIgnored private var digits: [UInt8] = []

    init(length: Int) {
        self.length = length
        digits.reserveCapacity(length)
    }

    var isComplete: Bool { typed == length }

    func add(_ digit: UInt8) {
        guard typed < length, digit < 10 else { return }
        digits.append(UInt8(ascii: "0") + digit)
        typed += 1
    }

    func removeLast() {
        guard typed > 0 else { return }
        digits[typed - 1] = 0
        digits.removeLast()
        typed -= 1
    }

    /// The digits in ASCII, once: the entry is empty afterwards.
    func take() -> Data {
        let taken = Data(digits)
        clear()
        return taken
    }

    func clear() {
        for index in digits.indices { digits[index] = 0 }
        digits.removeAll(keepingCapacity: true)
        typed = 0
    }
}
