/// Draws a view, presses its buttons and types into its fields, as a test does.
@MainActor public final class Driver<Root: View> {
    public struct NotThere: Error, CustomStringConvertible {
        public let description: String
    }

    /// What surrounds the app: whether it is in front, and in which language.
    public var surroundings = EnvironmentValues()

    private let root: Root
    private let memory = Memory()

    public init(_ root: Root) {
        self.root = root
    }

    /// Draws everything once, and begins the tasks of what came into view.
    @discardableResult public func draw() -> Element {
        memory.visible = []
        var values = surroundings
        let memory = memory
        values.openURL = OpenURLAction { memory.opened.append($0) }
        let elements = drawn(root, Place(memory: memory, path: "", values: values))
        for gone in memory.seen.subtracting(memory.visible) { memory.leavers.removeValue(forKey: gone)?() }
        memory.seen.formIntersection(memory.visible)
        return Element("screen", "", elements)
    }

    /// Draws until no task of a view is left running.
    public func settle() async {
        repeat {
            draw()
            let running = memory.tasks
            memory.tasks = []
            for task in running { await task.value }
        } while !memory.tasks.isEmpty
        draw()
    }

    /// Presses what has this name: its words, what VoiceOver says, or its identifier. The last one drawn is in front.
    public func tap(_ name: String) throws {
        try find(name) { $0.press != nil }.press?()
    }

    /// Types into a field.
    public func type(_ text: String, into name: String) throws {
        try find(name) { $0.enter != nil }.enter?(text)
    }

    /// Answers the open file chooser.
    public func choose(_ files: [URL]) throws {
        var chooser: Element?
        let screen = draw()
        screen.each { if $0.choose != nil { chooser = $0 } }
        guard let choose = chooser?.choose else {
            throw NotThere(description: "no file chooser is open:\n\(screen.outline())")
        }
        choose(files)
    }

    /// Comes to the app by a link.
    public func open(_ link: URL) {
        draw()
        memory.openers.forEach { $0(link) }
    }

    /// The links that the app opened.
    public var opened: [URL] { memory.opened }

    /// What the screen offers to hand to other apps.
    public var shared: [String] {
        var found: [String] = []
        draw().inFront.each { if let text = $0.shares { found.append(text) } }
        return found
    }

    /// Whether a name can be pressed.
    public func offers(_ name: String) -> Bool {
        (try? find(name) { $0.press != nil }) != nil
    }

    public func outline() -> String { draw().outline() }

    public func html(_ caption: String) -> String { draw().document(caption) }

    private func find(_ name: String, _ fits: (Element) -> Bool) throws -> Element {
        let screen = draw()
        var hits: [Element] = []
        // What stands behind a sheet or an alert cannot be reached.
        screen.inFront.each { element in
            let names = [element.words, element.traits["says"], element.traits["label"], element.traits["id"]]
            if fits(element), names.contains(name) { hits.append(element) }
        }
        guard let hit = hits.last else {
            throw NotThere(description: "nothing is called \(name):\n\(screen.outline())")
        }
        if hit.traits["off"] != nil { throw NotThere(description: "\(name) is off:\n\(screen.outline())") }
        return hit
    }
}

extension Element {
    /// A sheet or an alert stands above everything of the view that presents it, what lies over that view included.
    fileprivate var inFront: Element {
        var presented = self
        each { if ["sheet", "alert"].contains($0.kind) { presented = $0 } }
        var front = presented
        presented.each { if $0.kind == "overlay" { front = $0 } }
        return front
    }

    /// The tree as lines of text: what a golden file holds.
    public func outline(_ depth: Int = 0) -> String {
        let indent = String(repeating: "  ", count: depth)
        let traits = self.traits.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line = indent + kind + (text.isEmpty ? "" : " \"\(text)\"") + traits + "\n"
        return line + parts.map { $0.outline(depth + 1) }.joined()
    }
}
