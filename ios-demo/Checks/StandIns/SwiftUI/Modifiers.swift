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

    /// Another identity is another place: its state begins anew.
    public func id<ID: Hashable>(_ id: ID) -> some View {
        Modified(content: self, surround: { $0 = $0.inside("id \(id)") })
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

    public func task<ID: Equatable>(
        id: ID, @_inheritActorContext _ action: @escaping @Sendable () async -> Void
    ) -> some View {
        changed { elements, place in
            place.memory.once(place.path + "task \(id)") { place.memory.tasks.append(Task { await action() }) }
            return elements
        }
    }

    public func onDisappear(perform action: (() -> Void)? = nil) -> some View {
        changed { elements, place in
            let key = place.path + "leave"
            place.memory.once(key) {}
            place.memory.leavers[key] = action
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

    public func safeAreaInset<Content: View>(edge: VerticalEdge, @ViewBuilder content: () -> Content) -> some View {
        let content = content()
        return changed { elements, place in elements + [Element("inset", "", drawn(content, place.inside("inset")))] }
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

@MainActor @preconcurrency public protocol ViewModifier {
    associatedtype Body: View
    typealias Content = AnyContent
    @ViewBuilder func body(content: Content) -> Body
}

/// What a modifier of the app's own is put on.
public struct AnyContent: Drawn {
    let drawer: @MainActor (Place) -> [Element]
    public func draw(_ place: Place) -> [Element] { drawer(place) }
}

private struct WithModifier<Base: View, Modifier: ViewModifier>: Drawn {
    let base: Base
    let modifier: Modifier

    func draw(_ place: Place) -> [Element] {
        let place = place.inside("\(Modifier.self)")
        for property in Mirror(reflecting: modifier).children {
            (property.value as? any Placed)?.put(at: place, as: property.label ?? "")
        }
        return drawn(modifier.body(content: AnyContent { drawn(base, $0) }), place)
    }
}

extension View {
    public func modifier<Modifier: ViewModifier>(_ modifier: Modifier) -> some View {
        WithModifier(base: self, modifier: modifier)
    }
}
