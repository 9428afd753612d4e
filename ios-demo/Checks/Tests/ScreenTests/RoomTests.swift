import Foundation
import Testing

@testable import SwiftUI

/// Letters of any size have room: as far as that can be told where nothing is laid out. What a phone makes of it at
/// twice the size is the system's, and is looked at there.
@Suite struct RoomTests {
    /// What holds letters to a size, or a text to lines: with larger letters the rest of it is cut.
    private static let holding = [
        ".lineLimit(", ".minimumScaleFactor(", ".truncationMode(", ".allowsTightening(", ".dynamicTypeSize(",
        ".fixedSize(", ".frame(width", ".frame(height", ".system(size", ".custom(",
    ]

    private static let app = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../QuittanceDemo")
        .standardized

    @Test("No view holds its letters to a size or to lines")
    func unheld() throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.app.path).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 20)
        for file in files {
            let source = try String(contentsOf: Self.app.appendingPathComponent(file), encoding: .utf8)
            #expect(Self.held(source) == [], "\(file)")
        }
    }

    @Test("What holds them is found")
    func heldIsFound() {
        #expect(Self.held("Text(words).lineLimit(1).font(.system(size: 12))") == [".lineLimit(", ".system(size"])
    }

    @Test("A text that nothing scrolls to is found, and one in a list is not")
    func confinedIsFound() {
        let words = Element("text", "Words")
        #expect(Element("screen", "", [Element("column", "", [words])]).confined == ["Words"])
        #expect(Element("screen", "", [Element("list", "", [words])]).confined == [])
        #expect(Element("screen", "", [Element("inset", "", [Element("button", "", [words])])]).confined == [])
        #expect(Element("screen", "", [Element("inset", "", [words])]).confined == ["Words"])
    }

    private static func held(_ source: String) -> [String] {
        holding.filter(source.contains)
    }
}

extension Element {
    /// Texts that have no room to grow: they stand neither in what scrolls nor in what the system lays out by itself.
    var confined: [String] {
        switch kind {
        case "list", "scroll", "bar", "title", "tabs", "alert": []
        // Buttons below the page have their words in short; the page above scrolls away from them.
        case "inset": parts.flatMap { $0.unpressed.flatMap(\.confined) }
        case "text": [text]
        default: parts.flatMap(\.confined)
        }
    }

    /// What is in it besides buttons.
    private var unpressed: [Element] {
        if kind == "button" { return [] }
        return parts.isEmpty ? [self] : parts.flatMap(\.unpressed)
    }
}
