public struct Text: Drawn, Equatable {
    let content: String

    public init<S: StringProtocol>(_ content: S) { self.content = String(content) }
    public init(verbatim content: String) { self.content = content }

    public func draw(_ place: Place) -> [Element] { [Element("text", content)] }
}

public struct Image: Drawn {
    let name: String

    public init(systemName: String) { name = systemName }

    public func draw(_ place: Place) -> [Element] {
        let image = Element("image")
        image.traits["symbol"] = name
        return [image]
    }
}

public struct Label<Title: View, Icon: View>: Drawn {
    let title: Title
    let icon: Icon

    public init(@ViewBuilder title: () -> Title, @ViewBuilder icon: () -> Icon) {
        self.title = title()
        self.icon = icon()
    }

    public func draw(_ place: Place) -> [Element] { [Element("label", "", drawn(icon, place) + drawn(title, place))] }
}

extension Label where Title == Text, Icon == Image {
    public init<S: StringProtocol>(_ title: S, systemImage: String) {
        self.init(title: { Text(title) }, icon: { Image(systemName: systemImage) })
    }
}

public struct ContentUnavailableView<Name: View, Description: View, Actions: View>: Drawn {
    let name: Name
    let description: Description
    let actions: Actions

    public init(
        @ViewBuilder label: () -> Name, @ViewBuilder description: () -> Description, @ViewBuilder actions: () -> Actions
    ) {
        name = label()
        self.description = description()
        self.actions = actions()
    }

    public func draw(_ place: Place) -> [Element] {
        let parts = drawn(name, place) + drawn(description, place) + drawn(actions, place.inside("actions"))
        return [Element("empty", "", parts)]
    }
}

extension ContentUnavailableView
where Name == Label<Text, Image>, Description == Text?, Actions == EmptyView {
    public init<S: StringProtocol>(_ title: S, systemImage: String, description: Text? = nil) {
        self.init(
            label: { Label(title, systemImage: systemImage) }, description: { description }, actions: { EmptyView() })
    }
}

public struct ProgressView: Drawn {
    let title: String

    public init() { title = "" }
    public init<S: StringProtocol>(_ title: S) { self.title = String(title) }

    public func draw(_ place: Place) -> [Element] { [Element("progress", title)] }
}

public struct LabeledContent: Drawn {
    let title: String
    let value: String

    public init<Title: StringProtocol, Value: StringProtocol>(_ title: Title, value: Value) {
        self.title = String(title)
        self.value = String(value)
    }

    public func draw(_ place: Place) -> [Element] {
        [Element("pair", "", [Element("text", title), Element("text", value)])]
    }
}

// MARK: What a person presses

public struct ButtonRole: Equatable, Sendable {
    let name: String
    public static let destructive = Self(name: "destructive")
    public static let cancel = Self(name: "cancel")
}

public struct Button<Name: View>: Drawn {
    let role: ButtonRole?
    let action: @MainActor () -> Void
    let name: Name

    public init(role: ButtonRole? = nil, action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Name) {
        self.role = role
        self.action = action
        name = label()
    }

    public func draw(_ place: Place) -> [Element] {
        let button = Element("button", "", drawn(name, place))
        button.press = action
        button.traits["role"] = role?.name
        return [button]
    }
}

extension Button where Name == Text {
    public init<S: StringProtocol>(_ title: S, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {
        self.init(role: role, action: action) { Text(title) }
    }
}

extension Button where Name == Label<Text, Image> {
    public init<S: StringProtocol>(
        _ title: S, systemImage: String, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void
    ) {
        self.init(role: role, action: action) { Label(title, systemImage: systemImage) }
    }
}

public struct Toggle<Name: View>: Drawn {
    let isOn: Binding<Bool>
    let name: Name

    public init(isOn: Binding<Bool>, @ViewBuilder label: () -> Name) {
        self.isOn = isOn
        name = label()
    }

    public func draw(_ place: Place) -> [Element] {
        let toggle = Element("toggle", "", drawn(name, place))
        toggle.traits["on"] = isOn.wrappedValue ? "yes" : "no"
        toggle.press = { isOn.wrappedValue.toggle() }
        return [toggle]
    }
}

extension Toggle where Name == Text {
    public init<S: StringProtocol>(_ title: S, isOn: Binding<Bool>) {
        self.init(isOn: isOn) { Text(title) }
    }
}

public struct TextField: Drawn {
    let title: String
    let text: Binding<String>

    public init<S: StringProtocol>(_ title: S, text: Binding<String>, axis: Axis = .horizontal) {
        self.title = String(title)
        self.text = text
    }

    public func draw(_ place: Place) -> [Element] {
        let field = Element("field", text.wrappedValue)
        field.traits["label"] = title
        field.enter = { text.wrappedValue = $0 }
        return [field]
    }
}

public enum Axis: Sendable { case horizontal, vertical }

/// A choice of one, drawn as the inline style does: every option in sight.
public struct Picker<Selection: Hashable, Content: View>: Drawn {
    let title: String
    let selection: Binding<Selection>
    let content: Content

    public init<S: StringProtocol>(_ title: S, selection: Binding<Selection>, @ViewBuilder content: () -> Content) {
        self.title = String(title)
        self.selection = selection
        self.content = content()
    }

    public func draw(_ place: Place) -> [Element] {
        let options = drawn(content, place)
        for option in options {
            guard let tag = option.tag?.base as? Selection else { continue }
            option.traits["chosen"] = tag == selection.wrappedValue ? "yes" : nil
            option.press = { selection.wrappedValue = tag }
        }
        return [Element("picker", "", [Element("header", title)] + options)]
    }
}

/// Shares texts by the system's sheet.
public struct ShareLink<Item, Name: View>: Drawn {
    let item: Item
    let name: Name

    public init(item: Item, @ViewBuilder label: () -> Name) where Item == String {
        self.item = item
        name = label()
    }

    public func draw(_ place: Place) -> [Element] {
        let share = Element("share", "", drawn(name, place))
        share.shares = item as? String
        return [share]
    }
}
