import Foundation

/// Digits in ASCII, in memory of their own that everybody who holds them shares: overwritten once, they are gone for all.
///
/// `Data` alone cannot be overwritten for others: so short a one is a value that each holder has a copy of.
final class Digits: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// As many as that, none of them typed.
    init(count: Int) {
        memory = .allocate(byteCount: count, alignment: 1)
        overwrite()
    }

    deinit {
        overwrite()
        memory.deallocate()
    }

    subscript(place: Int) -> UInt8 {
        get { memory[place] }
        set { memory[place] = newValue }
    }

    /// A copy for one call of the facade, which copies it once more on its way to the core. Both end with the call, and
    /// are not overwritten: keep none.
    var data: Data { Data(memory) }

    var isOverwritten: Bool { memory.allSatisfy { $0 == 0 } }

    /// Not left out by a compiler that sees nobody read it any more.
    func overwrite() {
        #if canImport(Darwin)
        _ = memset_s(memory.baseAddress, memory.count, 0, memory.count)
        #else
        if let start = memory.baseAddress { explicit_bzero(start, memory.count) }
        #endif
    }

    func isSame(as other: Digits) -> Bool { memory.elementsEqual(other.memory) }
}
