import Foundation
import Testing

@testable import SwiftUI

/// The outlines that the screens should have, beside this package. QUITTANCE_ACCEPT=1 writes them anew: read what
/// changed before it is kept. QUITTANCE_SCREENS names a folder for the same screens as pages for a browser.
@MainActor func expectOutline<Root>(
    _ name: String, of screen: Driver<Root>, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["QUITTANCE_SCREENS"] {
        let page = screen.html("Wireframe, not a device: \(name)")
        let file = URL(fileURLWithPath: folder).appendingPathComponent(name + ".html")
        try Data(page.utf8).write(to: file)
    }
    let outline = masked(screen.outline())
    let file = outlines.appendingPathComponent(name + ".txt")
    if environment["QUITTANCE_ACCEPT"] != nil { try Data(outline.utf8).write(to: file) }
    let golden = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    #expect(outline == golden, "\(name) differs from \(file.lastPathComponent)", sourceLocation: sourceLocation)
}

private let outlines = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Outlines")

/// Takes out what a real gateway draws anew at each run: moments, names, hashes.
private func masked(_ outline: String) -> String {
    let lines = outline.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        guard line.hasSuffix(" mono=yes"), let start = line.firstIndex(of: "\"") else { return String(line) }
        return line[..<start] + "\"…\" mono=yes"
    }
    return lines.joined(separator: "\n")
}
