public struct HorizontalAlignment: Sendable {
    let name: String
    public static let leading = Self(name: "leading")
    public static let center = Self(name: "center")
    public static let trailing = Self(name: "trailing")
}

public struct VerticalAlignment: Sendable {
    let name: String
    public static let top = Self(name: "top")
    public static let center = Self(name: "center")
    public static let firstTextBaseline = Self(name: "baseline")
}

public struct Alignment: Sendable {
    public static let center = Self()
    public static let leading = Self()
}

public struct VStack<Content: View>: Drawn {
    let alignment: HorizontalAlignment
    let content: Content

    public init(
        alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content
    ) {
        self.alignment = alignment
        self.content = content()
    }

    public func draw(_ place: Place) -> [Element] {
        let stack = Element("column", "", drawn(content, place))
        stack.traits["align"] = alignment.name
        return [stack]
    }
}

public struct HStack<Content: View>: Drawn {
    let content: Content

    public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {
        self.content = content()
    }

    public func draw(_ place: Place) -> [Element] { [Element("row", "", drawn(content, place))] }
}

public struct ZStack<Content: View>: Drawn {
    let content: Content
    public init(alignment: Alignment = .center, @ViewBuilder content: () -> Content) { self.content = content() }
    public func draw(_ place: Place) -> [Element] { drawn(content, place) }
}

public struct Grid<Content: View>: Drawn {
    let content: Content

    public init(
        alignment: Alignment = .center, horizontalSpacing: CGFloat? = nil, verticalSpacing: CGFloat? = nil,
        @ViewBuilder content: () -> Content
    ) { self.content = content() }

    public func draw(_ place: Place) -> [Element] { [Element("grid", "", drawn(content, place))] }
}

public struct GridRow<Content: View>: Drawn {
    let content: Content
    public init(alignment: VerticalAlignment? = nil, @ViewBuilder content: () -> Content) { self.content = content() }
    public func draw(_ place: Place) -> [Element] { [Element("gridrow", "", drawn(content, place))] }
}

public struct Spacer: Drawn {
    public init(minLength: CGFloat? = nil) {}
    public func draw(_ place: Place) -> [Element] { [Element("spacer")] }
}

public struct List<Content: View>: Drawn {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    public func draw(_ place: Place) -> [Element] { [Element("list", "", drawn(content, place))] }
}

public struct ScrollView<Content: View>: Drawn {
    let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
    public func draw(_ place: Place) -> [Element] { [Element("scroll", "", drawn(content, place))] }
}

public struct Section<Head: View, Content: View, Foot: View>: Drawn {
    let head: Head
    let content: Content
    let foot: Foot

    public init(
        @ViewBuilder content: () -> Content, @ViewBuilder header: () -> Head, @ViewBuilder footer: () -> Foot
    ) {
        head = header()
        self.content = content()
        foot = footer()
    }

    public func draw(_ place: Place) -> [Element] {
        let header = drawn(head, place.inside("header"))
        let footer = drawn(foot, place.inside("footer"))
        var parts = [Element("rows", "", drawn(content, place))]
        if !header.isEmpty { parts.insert(Element("header", "", header), at: 0) }
        if !footer.isEmpty { parts.append(Element("footer", "", footer)) }
        return [Element("section", "", parts)]
    }
}

extension Section where Head == EmptyView, Foot == EmptyView {
    public init(@ViewBuilder content: () -> Content) {
        self.init(content: content, header: { EmptyView() }, footer: { EmptyView() })
    }
}

extension Section where Head == Text, Foot == EmptyView {
    public init<S: StringProtocol>(_ title: S, @ViewBuilder content: () -> Content) {
        self.init(content: content, header: { Text(title) }, footer: { EmptyView() })
    }
}

extension Section where Head == EmptyView {
    public init(@ViewBuilder content: () -> Content, @ViewBuilder footer: () -> Foot) {
        self.init(content: content, header: { EmptyView() }, footer: footer)
    }
}

extension Section where Foot == EmptyView {
    public init(@ViewBuilder content: () -> Content, @ViewBuilder header: () -> Head) {
        self.init(content: content, header: header, footer: { EmptyView() })
    }
}

public struct DisclosureGroup<Name: View, Content: View>: Drawn {
    let isExpanded: Binding<Bool>
    let name: Name
    let content: Content

    public init<S: StringProtocol>(_ title: S, isExpanded: Binding<Bool>, @ViewBuilder content: () -> Content)
    where Name == Text {
        self.isExpanded = isExpanded
        name = Text(title)
        self.content = content()
    }

    public func draw(_ place: Place) -> [Element] {
        let open = isExpanded.wrappedValue
        let head = Element("disclosure", "", drawn(name, place))
        head.traits["open"] = open ? "yes" : "no"
        head.press = { isExpanded.wrappedValue.toggle() }
        return open ? [head] + drawn(content, place) : [head]
    }
}

// MARK: Navigation

public struct NavigationStack<Root: View>: Drawn {
    let path: Binding<[AnyHashable]>?
    let root: Root

    public init(@ViewBuilder root: () -> Root) {
        path = nil
        self.root = root()
    }

    public init<Step: Hashable>(path: Binding<[Step]>, @ViewBuilder root: () -> Root) {
        self.path = Binding(
            get: { path.wrappedValue.map { AnyHashable($0) } },
            set: { path.wrappedValue = $0.compactMap { $0.base as? Step } })
        self.root = root()
    }

    public func draw(_ place: Place) -> [Element] {
        var below = place.inside("stack")
        below.page = Page()
        let page = below.page
        let path = path
        below.values.push = { path?.wrappedValue.append($0) }
        let lowest = drawn(root, below)
        guard let path, let top = path.wrappedValue.last else { return [page.drawn(lowest, back: nil)] }

        let leave: @MainActor () -> Void = { _ = path.wrappedValue.popLast() }
        var above = below.inside("\(path.wrappedValue.count)")
        above.page = Page()
        above.page.destinations = page.destinations
        above.values.dismiss = DismissAction(run: leave)
        guard let destination = page.destinations[ObjectIdentifier(type(of: top.base))] else {
            fatalError("no navigationDestination for \(type(of: top.base))")
        }
        let shown = destination(top, above)
        let back = Element("button", "‹ " + page.title)
        back.traits["id"] = "back"
        back.press = leave
        return [above.page.drawn(shown, back: back)]
    }
}

extension Page {
    func drawn(_ content: [Element], back: Element?) -> Element {
        let bar = Element("bar", "", (back.map { [$0] } ?? []) + leading + [Element("spacer")] + trailing)
        let head = title.isEmpty ? [] : [Element("title", title)]
        return Element("page", "", [bar] + head + content)
    }
}

public struct NavigationLink<Name: View>: Drawn {
    let value: AnyHashable
    let name: Name

    public init<Value: Hashable>(value: Value, @ViewBuilder label: () -> Name) {
        self.value = AnyHashable(value)
        name = label()
    }

    public func draw(_ place: Place) -> [Element] {
        let link = Element("link", "", drawn(name, place))
        let push = place.values.push
        let value = value
        link.press = { push(value) }
        return [link]
    }
}

extension NavigationLink where Name == Text {
    public init<S: StringProtocol, Value: Hashable>(_ title: S, value: Value) {
        self.init(value: value) { Text(title) }
    }
}

/// Draws the chosen tab, with the bar below it.
public struct TabView<Selection: Hashable, Content: View>: Drawn {
    let selection: Binding<Selection>
    let content: Content

    public init(selection: Binding<Selection>, @ViewBuilder content: () -> Content) {
        self.selection = selection
        self.content = content()
    }

    public func draw(_ place: Place) -> [Element] {
        let tabs = drawn(content, place)
        var shown: [Element] = []
        let bar = Element("tabs")
        for tab in tabs {
            guard let tag = tab.tag?.base as? Selection else { continue }
            let here = tag == selection.wrappedValue
            if here { shown.append(tab) }
            let button = Element("tab", "", tab.item)
            button.traits["chosen"] = here ? "yes" : nil
            button.press = { selection.wrappedValue = tag }
            bar.parts.append(button)
        }
        return shown + [bar]
    }
}
