// What modifiers are given: most of it changes nothing here but has to be written right.

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
    public static var bar: SystemStyle { SystemStyle(name: "bar") }
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

public enum VerticalEdge: Sendable { case top, bottom }
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
