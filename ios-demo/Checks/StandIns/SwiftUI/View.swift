// Stands in for Apple's SwiftUI on Linux: as much of its public interface as the demo app uses, with a tree of elements
// in place of pixels. For checks only; written from the public documentation. Words are always strings here, because the
// app's come from its catalogue: a literal that Apple's version would look up itself is not wanted.
@_exported import Foundation
@_exported import Observation

@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder @MainActor @preconcurrency var body: Body { get }
}

extension Never: View {
    public var body: Never { fatalError("drawn by the stand-in") }
}

/// A view that the stand-in draws itself.
@MainActor public protocol Drawn: View where Body == Never {
    func draw(_ place: Place) -> [Element]
}

extension Drawn {
    public var body: Never { fatalError("drawn by the stand-in") }
}

/// Draws any view: its own way, or by its body, with its state put in place first.
@MainActor func drawn<V: View>(_ view: V, _ place: Place) -> [Element] {
    if let own = view as? any Drawn { return own.draw(place) }
    let place = place.inside("\(V.self)")
    for property in Mirror(reflecting: view).children {
        (property.value as? any Placed)?.put(at: place, as: property.label ?? "")
    }
    return drawn(view.body, place)
}

/// One thing on the screen.
public final class Element {
    public let kind: String
    public var text: String
    public var traits: [String: String] = [:]
    public var parts: [Element]
    public var press: (@MainActor () -> Void)?
    public var enter: (@MainActor (String) -> Void)?
    /// What it hands to other apps.
    public var shares: String?
    /// What a picker or a tab bar calls it, and how it stands in that bar.
    var tag: AnyHashable?
    var item: [Element] = []
    /// A file chooser's answer.
    public var choose: (@MainActor ([URL]) -> Void)?

    init(_ kind: String, _ text: String = "", _ parts: [Element] = []) {
        self.kind = kind
        self.text = text
        self.parts = parts
    }

    /// What a person reads, in one line.
    public var words: String {
        text.isEmpty ? parts.map(\.words).filter { !$0.isEmpty }.joined(separator: " ") : text
    }

    func each(_ visit: (Element) -> Void) {
        visit(self)
        for part in parts { part.each(visit) }
    }
}

/// Where a view is drawn: what belongs to it, and what surrounds it.
@MainActor public struct Place {
    let memory: Memory
    var path: String
    var values = EnvironmentValues()
    var page = Page()

    func inside(_ name: String) -> Place {
        var inner = self
        inner.path += "/" + name
        return inner
    }
}

/// The title, the buttons and the destinations of one page of a navigation stack.
@MainActor final class Page {
    var title = ""
    var leading: [Element] = []
    var trailing: [Element] = []
    var destinations: [ObjectIdentifier: @MainActor (AnyHashable, Place) -> [Element]] = [:]
    nonisolated init() {}
}

/// What stays from one drawing to the next.
@MainActor final class Memory {
    var cells: [String: AnyObject] = [:]
    var visible: Set<String> = []
    var seen: Set<String> = []
    var tasks: [Task<Void, Never>] = []
    var opened: [URL] = []
    /// What to do when a place goes out of view.
    var leavers: [String: () -> Void] = [:]
    var openers: [@MainActor (URL) -> Void] = []
    nonisolated init() {}

    /// Does something when a place comes into view, once for as long as it stays.
    func once(_ key: String, _ work: () -> Void) {
        visible.insert(key)
        if seen.insert(key).inserted { work() }
    }
}

// MARK: Builders

@MainActor @resultBuilder public enum ViewBuilder {
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<
        (repeat each Content)
    > {
        var drawers: [@MainActor (Place) -> [Element]] = []
        repeat drawers.append(drawer(each content, drawers.count))
        return TupleView(drawers: drawers)
    }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> EitherView<First, Second> {
        .first(first)
    }
    public static func buildEither<First: View, Second: View>(second: Second) -> EitherView<First, Second> {
        .second(second)
    }

    private static func drawer<V: View>(_ view: V, _ number: Int) -> @MainActor (Place) -> [Element] {
        { drawn(view, $0.inside("\(number)")) }
    }
}

public struct EmptyView: Drawn {
    public init() {}
    public func draw(_ place: Place) -> [Element] { [] }
}

public struct TupleView<Content>: Drawn {
    let drawers: [@MainActor (Place) -> [Element]]
    public func draw(_ place: Place) -> [Element] { drawers.flatMap { $0(place) } }
}

public enum EitherView<First: View, Second: View>: Drawn {
    case first(First)
    case second(Second)
    public func draw(_ place: Place) -> [Element] {
        switch self {
        case .first(let view): drawn(view, place.inside("first"))
        case .second(let view): drawn(view, place.inside("second"))
        }
    }
}

extension Optional: View where Wrapped: View {
    public var body: Never { fatalError("drawn by the stand-in") }
}

extension Optional: Drawn where Wrapped: View {
    public func draw(_ place: Place) -> [Element] { map { drawn($0, place.inside("some")) } ?? [] }
}

public struct Group<Content: View>: Drawn {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    public func draw(_ place: Place) -> [Element] { drawn(content, place) }
}

public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: Drawn {
    let data: Data
    let id: (Data.Element) -> ID
    let content: (Data.Element) -> Content

    public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content)
    {
        self.data = data
        self.id = { $0[keyPath: id] }
        self.content = content
    }

    public func draw(_ place: Place) -> [Element] {
        data.flatMap { drawn(content($0), place.inside("\(id($0))")) }
    }
}

extension ForEach where Data.Element: Identifiable, ID == Data.Element.ID {
    public init(_ data: Data, @ViewBuilder content: @escaping (Data.Element) -> Content) {
        self.init(data, id: \.id, content: content)
    }
}
