import SwiftUI

/// How many digits the policy asks for where no prompt says it.
enum PinLength {
    static let payment = 6
    static let lock = 6
}

/// Our own pad: no keyboard that remembers, no autofill, no digit shown.
struct PinPad: View {
    let entry: PinEntry
    /// Gets the digits, and overwrites them when they are of no use any more.
    let done: @MainActor (Digits) -> Void

    private static let rows: [[UInt8]] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]

    var body: some View {
        VStack {
            dots
            Grid {
                ForEach(Self.rows, id: \.self) { row in
                    GridRow { ForEach(row, id: \.self) { key($0) } }
                }
                GridRow {
                    Text("").accessibilityHidden(true)
                    key(0)
                    Button {
                        entry.removeLast()
                    } label: {
                        Image(systemName: "delete.left")
                    }
                    .buttonStyle(.bordered)
                    .disabled(entry.typed == 0)
                    .accessibilityLabel(say("app.pin.delete"))
                    .accessibilityIdentifier("pin-delete")
                }
            }
        }
        .frame(maxWidth: .infinity)
        .privacySensitive()
        .onDisappear { entry.clear() }
    }

    private var dots: some View {
        HStack {
            ForEach(0..<entry.length, id: \.self) { place in
                Image(systemName: place < entry.typed ? "circle.fill" : "circle")
            }
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(
            say("app.pin.entered", ["entered": count(entry.typed), "digits": count(entry.length)])
        )
        .accessibilityAddTraits(.updatesFrequently)
    }

    private func key(_ digit: UInt8) -> some View {
        Button {
            entry.add(digit)
            if entry.isComplete { done(entry.take()) }
        } label: {
            Text(verbatim: "\(digit)")
                .font(.title)
                .monospacedDigit()
                .frame(minWidth: 64, minHeight: 48)
        }
        .buttonStyle(.bordered)
        .accessibilityIdentifier("pin-\(digit)")
    }
}

/// Asks for new digits twice; where the two differ, nothing was chosen.
struct NewPinPad: View {
    @State private var first: PinEntry
    @State private var second: PinEntry
    @State private var chosen: Digits?
    @State private var differs = false
    private let again: String
    private let done: @MainActor (Digits) -> Void

    init(length: Int, again: String, done: @escaping @MainActor (Digits) -> Void) {
        _first = State(initialValue: PinEntry(length: length))
        _second = State(initialValue: PinEntry(length: length))
        self.again = again
        self.done = done
    }

    var body: some View {
        VStack {
            if differs { Text(say("app.enrol.pin.differs")).font(.callout) }
            if let chosen {
                Text(again).font(.headline)
                PinPad(entry: second) { compare(chosen, $0) }
            } else {
                PinPad(entry: first) { chosen = $0 }
            }
        }
        .onDisappear { forget() }
    }

    private func compare(_ chosen: Digits, _ repeated: Digits) {
        differs = !repeated.isSame(as: chosen)
        forget()
        if differs { repeated.overwrite() } else { done(repeated) }
    }

    private func forget() {
        chosen?.overwrite()
        chosen = nil
    }
}
