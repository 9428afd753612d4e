@_exported import UniformTypeIdentifiers

/// A view with something changed: what surrounds it, or what was drawn.
struct Modified<Content: View>: Drawn {
    let content: Content
    var surround: @MainActor (inout Place) -> Void = { _ in }
    var change: @MainActor ([Element], Place) -> [Element] = { elements, _ in elements }

    func draw(_ place: Place) -> [Element] {
        var place = place.inside("m")
        surround(&place)
        return change(drawn(content, place), place)
    }
}

extension View {
    func changed(_ change: @escaping @MainActor ([Element], Place) -> [Element]) -> some View {
        Modified(content: self, change: change)
    }

    /// The innermost word about a trait counts.
    func trait(_ name: String, _ value: String?) -> some View {
        changed { elements, _ in
            for element in elements where element.traits[name] == nil { element.traits[name] = value }
            return elements
        }
    }

    /// Several elements that something is said of together become one.
    func whole(_ say: @escaping @MainActor (Element) -> Void) -> some View {
        changed { elements, _ in
            let one = elements.count == 1 ? elements[0] : Element("group", "", elements)
            say(one)
            return [one]
        }
    }

    // MARK: Looks

    public func font(_ font: Font?) -> some View { trait("font", font?.name) }
    public func bold(_ isActive: Bool = true) -> some View { trait("bold", isActive ? "yes" : nil) }
    public func monospaced(_ isActive: Bool = true) -> some View { trait("mono", isActive ? "yes" : nil) }
    public func monospacedDigit() -> some View { self }
    public func foregroundStyle<S: ShapeStyle>(_ style: S) -> some View { trait("color", style.name) }
    public func tint(_ color: Color?) -> some View { self }
    public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { self }
    public func frame(
        minWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil, maxHeight: CGFloat? = nil,
        alignment: Alignment = .center
    ) -> some View { self }
    public func fixedSize(horizontal: Bool, vertical: Bool) -> some View { self }
    public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { self }
    public func lineLimit(_ limit: Int?) -> some View { self }
    public func textSelection(_ selectability: EnabledTextSelectability) -> some View { self }
    public func background<S: ShapeStyle>(_ style: S) -> some View { self }
    public func ignoresSafeArea() -> some View { self }
    public func controlSize(_ size: ControlSize) -> some View { self }
    public func labelsHidden() -> some View { trait("quiet", "yes") }
    public func pickerStyle(_ style: InlinePickerStyle) -> some View { self }
    public func buttonStyle<S: PrimitiveButtonStyle>(_ style: S) -> some View { trait("style", style.name) }
    public func navigationBarTitleDisplayMode(_ mode: TitleDisplayMode) -> some View { self }
    public func textInputAutocapitalization(_ mode: TextInputAutocapitalization?) -> some View { self }
    public func autocorrectionDisabled(_ disable: Bool = true) -> some View { self }
    public func interactiveDismissDisabled(_ isDisabled: Bool = true) -> some View { self }
    public func privacySensitive(_ sensitive: Bool = true) -> some View { trait("private", sensitive ? "yes" : nil) }

    public func disabled(_ disabled: Bool) -> some View {
        changed { elements, _ in
            if disabled { elements.forEach { $0.each { $0.traits["off"] = "yes" } } }
            return elements
        }
    }

    // MARK: What VoiceOver says

    public func accessibilityLabel<S: StringProtocol>(_ label: S) -> some View {
        whole { $0.traits["says"] = String(label) }
    }
    public func accessibilityValue<S: StringProtocol>(_ value: S) -> some View {
        whole { $0.traits["value"] = String(value) }
    }
    public func accessibilityHint<S: StringProtocol>(_ hint: S) -> some View {
        whole { $0.traits["hint"] = String(hint) }
    }
    public func accessibilityIdentifier(_ identifier: String) -> some View { whole { $0.traits["id"] = identifier } }
    public func accessibilityHidden(_ hidden: Bool) -> some View {
        whole { $0.traits["silent"] = hidden ? "yes" : nil }
    }
    public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View {
        whole { $0.traits["trait"] = traits.name }
    }
    public func accessibilityElement(children: AccessibilityChildBehavior) -> some View {
        whole { $0.traits["read"] = children.name }
    }

    // MARK: Around the page

    public func navigationTitle<S: StringProtocol>(_ title: S) -> some View {
        changed { elements, place in
            place.page.title = String(title)
            return elements
        }
    }

    public func navigationDestination<Step: Hashable, Destination: View>(
        for type: Step.Type, @ViewBuilder destination: @escaping (Step) -> Destination
    ) -> some View {
        Modified(
            content: self,
            surround: { place in
                place.page.destinations[ObjectIdentifier(type)] = { step, above in
                    (step.base as? Step).map { drawn(destination($0), above) } ?? []
                }
            })
    }

    public func toolbar<Content: ToolbarContent>(@ToolbarContentBuilder content: () -> Content) -> some View {
        let content = content()
        return changed { elements, place in
            content.put(place.inside("toolbar"))
            return elements
        }
    }

    public func tabItem<Name: View>(@ViewBuilder _ label: () -> Name) -> some View {
        let name = label()
        return changed { elements, place in
            let tab = elements.count == 1 ? elements[0] : Element("group", "", elements)
            tab.item = drawn(name, place.inside("item"))
            return [tab]
        }
    }

    public func tag<Value: Hashable>(_ tag: Value) -> some View { whole { $0.tag = AnyHashable(tag) } }

    public func environment<Object: AnyObject & Observable>(_ object: Object?) -> some View {
        Modified(content: self, surround: { $0.values.objects[ObjectIdentifier(Object.self)] = object })
    }

    public func environment<Value>(_ path: WritableKeyPath<EnvironmentValues, Value>, _ value: Value) -> some View {
        Modified(content: self, surround: { $0.values[keyPath: path] = value })
    }

    // MARK: What happens

    public func task(@_inheritActorContext _ action: @escaping @Sendable () async -> Void) -> some View {
        changed { elements, place in
            place.memory.once(place.path + "task") { place.memory.tasks.append(Task { await action() }) }
            return elements
        }
    }

    public func refreshable(@_inheritActorContext action: @escaping @Sendable () async -> Void) -> some View { self }

    public func onOpenURL(perform action: @escaping @MainActor (URL) -> Void) -> some View {
        changed { elements, place in
            place.memory.once(place.path + "link") { place.memory.openers.append(action) }
            return elements
        }
    }

    public func onChange<Value: Equatable>(
        of value: Value, initial: Bool = false, _ action: @escaping (Value, Value) -> Void
    ) -> some View {
        changed { elements, place in
            let key = place.path + "change"
            let last = place.memory.cells[key] as? Last<Value>
            place.memory.cells[key] = Last(value)
            if let last, last.value != value { action(last.value, value) }
            if last == nil, initial { action(value, value) }
            return elements
        }
    }

    public func overlay<Content: View>(alignment: Alignment = .center, @ViewBuilder content: () -> Content) -> some View
    {
        let content = content()
        return changed { elements, place in
            let above = drawn(content, place.inside("overlay"))
            return above.isEmpty ? elements : elements + [Element("overlay", "", above)]
        }
    }

    public func sheet<Item: Identifiable, Content: View>(
        item: Binding<Item?>, onDismiss: (() -> Void)? = nil, @ViewBuilder content: @escaping (Item) -> Content
    ) -> some View {
        above("sheet", isPresented: { item.wrappedValue != nil }, leave: { item.wrappedValue = nil }) {
            item.wrappedValue.map(content)
        }
    }

    public func sheet<Content: View>(
        isPresented: Binding<Bool>, onDismiss: (() -> Void)? = nil, @ViewBuilder content: @escaping () -> Content
    ) -> some View {
        above(
            "sheet", isPresented: { isPresented.wrappedValue }, leave: { isPresented.wrappedValue = false },
            content: content)
    }

    public func alert<S: StringProtocol, Actions: View, Message: View>(
        _ title: S, isPresented: Binding<Bool>, @ViewBuilder actions: @escaping () -> Actions,
        @ViewBuilder message: @escaping () -> Message
    ) -> some View {
        changed { elements, place in
            guard isPresented.wrappedValue else { return elements }
            let buttons = drawn(actions(), place.inside("actions"))
            for button in buttons {
                let press = button.press
                button.press = {
                    isPresented.wrappedValue = false
                    press?()
                }
            }
            let parts = [Element("title", String(title))] + drawn(message(), place.inside("message")) + buttons
            return elements + [Element("alert", "", parts)]
        }
    }

    public func fileImporter(
        isPresented: Binding<Bool>, allowedContentTypes: [UTType], allowsMultipleSelection: Bool,
        onCompletion: @escaping @MainActor (Result<[URL], any Error>) -> Void
    ) -> some View {
        changed { elements, _ in
            guard isPresented.wrappedValue else { return elements }
            let chooser = Element("chooser")
            chooser.choose = {
                isPresented.wrappedValue = false
                onCompletion(.success($0))
            }
            return elements + [chooser]
        }
    }

    private func above<Content: View>(
        _ kind: String, isPresented: @escaping () -> Bool, leave: @escaping @MainActor () -> Void,
        content: @escaping () -> Content
    ) -> some View {
        changed { elements, place in
            guard isPresented() else { return elements }
            var inner = place.inside(kind)
            inner.page = Page()
            inner.values.dismiss = DismissAction(run: leave)
            return elements + [Element(kind, "", drawn(content(), inner))]
        }
    }
}

private final class Last<Value> {
    let value: Value
    init(_ value: Value) { self.value = value }
}

// MARK: The words of the modifiers

public struct Font: Sendable {
    let name: String
    public static let largeTitle = Font(name: "largeTitle")
    public static let title = Font(name: "title")
    public static let title2 = Font(name: "title2")
    public static let headline = Font(name: "headline")
    public static let body = Font(name: "body")
    public static let callout = Font(name: "callout")
    public static let subheadline = Font(name: "subheadline")
    public static let footnote = Font(name: "footnote")
    public static let caption = Font(name: "caption")
}

public protocol ShapeStyle: Sendable { var name: String { get } }

public struct Color: ShapeStyle, View, Drawn {
    public let name: String
    public init(_ name: String) { self.name = name }
    public func draw(_ place: Place) -> [Element] { [] }
}

public struct SystemStyle: ShapeStyle { public let name: String }

extension ShapeStyle where Self == SystemStyle {
    public static var primary: SystemStyle { SystemStyle(name: "primary") }
    public static var secondary: SystemStyle { SystemStyle(name: "secondary") }
    public static var tint: SystemStyle { SystemStyle(name: "tint") }
    public static var background: SystemStyle { SystemStyle(name: "background") }
    public static var ultraThickMaterial: SystemStyle { SystemStyle(name: "material") }
}

public protocol PrimitiveButtonStyle: Sendable { var name: String { get } }
public struct SystemButtonStyle: PrimitiveButtonStyle { public let name: String }

extension PrimitiveButtonStyle where Self == SystemButtonStyle {
    public static var borderedProminent: SystemButtonStyle { SystemButtonStyle(name: "prominent") }
    public static var bordered: SystemButtonStyle { SystemButtonStyle(name: "bordered") }
    public static var borderless: SystemButtonStyle { SystemButtonStyle(name: "borderless") }
    public static var plain: SystemButtonStyle { SystemButtonStyle(name: "plain") }
}

public enum Edge {
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let all = Set(rawValue: 15)
        public static let horizontal = Set(rawValue: 10)
        public static let vertical = Set(rawValue: 5)
        public static let top = Set(rawValue: 1)
        public static let bottom = Set(rawValue: 4)
    }
}

public enum TextAlignment: Sendable { case leading, center, trailing }
public enum ControlSize: Sendable { case small, regular, large }
public enum TitleDisplayMode: Sendable { case automatic, inline, large }
public struct InlinePickerStyle: Sendable { public static let inline = Self() }
public struct TextInputAutocapitalization: Sendable { public static let never = Self() }
public struct EnabledTextSelectability: Sendable { public static let enabled = Self() }

public struct AccessibilityTraits: Sendable {
    let name: String
    public static let isHeader = Self(name: "header")
    public static let isButton = Self(name: "button")
    public static let updatesFrequently = Self(name: "updates")
}

public struct AccessibilityChildBehavior: Sendable {
    let name: String
    public static let combine = Self(name: "combine")
    public static let contain = Self(name: "contain")
    public static let ignore = Self(name: "ignore")
}

// MARK: Tool bars

public struct ToolbarItemPlacement: Sendable {
    let isLeading: Bool
    public static let cancellationAction = Self(isLeading: true)
    public static let topBarLeading = Self(isLeading: true)
    public static let topBarTrailing = Self(isLeading: false)
    public static let primaryAction = Self(isLeading: false)
    public static let confirmationAction = Self(isLeading: false)
}

@MainActor public protocol ToolbarContent { func put(_ place: Place) }

public struct ToolbarItem<Content: View>: ToolbarContent {
    let placement: ToolbarItemPlacement
    let content: Content

    public init(placement: ToolbarItemPlacement, @ViewBuilder content: () -> Content) {
        self.placement = placement
        self.content = content()
    }

    public func put(_ place: Place) {
        let elements = drawn(content, place)
        if placement.isLeading { place.page.leading += elements } else { place.page.trailing += elements }
    }
}

public struct SeveralItems: ToolbarContent {
    let all: [any ToolbarContent]
    public func put(_ place: Place) {
        for (number, item) in all.enumerated() { item.put(place.inside("\(number)")) }
    }
}

@MainActor @resultBuilder public enum ToolbarContentBuilder {
    public static func buildBlock<Content: ToolbarContent>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: ToolbarContent>(_ content: repeat each Content) -> SeveralItems {
        var all: [any ToolbarContent] = []
        repeat all.append(each content)
        return SeveralItems(all: all)
    }
}
