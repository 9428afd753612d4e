/// A property that finds its value by the place where its view is drawn.
protocol Placed {
    @MainActor func put(at place: Place, as name: String)
}

private final class Cell<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// Points at the cell of a place, so that each copy of a view's struct reaches the same one.
private final class Pointer<Value>: @unchecked Sendable {
    var cell: Cell<Value>
    init(_ value: Value) { cell = Cell(value) }
}

@propertyWrapper public struct State<Value>: Placed {
    private let pointer: Pointer<Value>

    public init(wrappedValue: Value) { pointer = Pointer(wrappedValue) }
    public init(initialValue: Value) { pointer = Pointer(initialValue) }

    public var wrappedValue: Value {
        get { pointer.cell.value }
        nonmutating set { pointer.cell.value = newValue }
    }

    public var projectedValue: Binding<Value> {
        let cell = pointer.cell
        return Binding(get: { cell.value }, set: { cell.value = $0 })
    }

    func put(at place: Place, as name: String) {
        let key = place.path + "." + name
        if let kept = place.memory.cells[key] as? Cell<Value> {
            pointer.cell = kept
        } else {
            place.memory.cells[key] = pointer.cell
        }
    }
}

extension State: Sendable where Value: Sendable {}

@propertyWrapper @dynamicMemberLookup public struct Binding<Value> {
    private let read: () -> Value
    private let write: (Value) -> Void

    public init(get: @escaping () -> Value, set: @escaping (Value) -> Void) {
        read = get
        write = set
    }

    public var wrappedValue: Value {
        get { read() }
        nonmutating set { write(newValue) }
    }

    public static func constant(_ value: Value) -> Binding<Value> { Binding(get: { value }, set: { _ in }) }

    public var projectedValue: Binding<Value> { self }

    public subscript<Subject>(dynamicMember path: WritableKeyPath<Value, Subject>) -> Binding<Subject> {
        Binding<Subject>(get: { wrappedValue[keyPath: path] }, set: { wrappedValue[keyPath: path] = $0 })
    }
}

@propertyWrapper @dynamicMemberLookup public struct Bindable<Value: AnyObject & Observable> {
    public var wrappedValue: Value

    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public init(_ value: Value) { wrappedValue = value }

    public var projectedValue: Bindable<Value> { self }

    public subscript<Subject>(dynamicMember path: ReferenceWritableKeyPath<Value, Subject>) -> Binding<Subject> {
        let value = wrappedValue
        return Binding<Subject>(get: { value[keyPath: path] }, set: { value[keyPath: path] = $0 })
    }
}

// MARK: Environment

public enum ScenePhase: Comparable, Sendable { case background, inactive, active }

@MainActor public struct DismissAction {
    let run: @MainActor () -> Void
    nonisolated init(run: @escaping @MainActor () -> Void) { self.run = run }
    public func callAsFunction() { run() }
}

@MainActor public struct OpenURLAction {
    let run: @MainActor (URL) -> Void
    nonisolated init(run: @escaping @MainActor (URL) -> Void) { self.run = run }
    public func callAsFunction(_ url: URL) { run(url) }
}

public struct EnvironmentValues {
    public internal(set) var dismiss = DismissAction {}
    public internal(set) var openURL = OpenURLAction { _ in }
    public var scenePhase = ScenePhase.active
    public var locale = Locale(identifier: "en")
    var objects: [ObjectIdentifier: AnyObject] = [:]
    var push: @MainActor (AnyHashable) -> Void = { _ in }
    public init() {}
}

@propertyWrapper public struct Environment<Value>: Placed {
    private let pointer = Pointer<Value?>(nil)
    private let read: (EnvironmentValues) -> Value?

    public init(_ path: KeyPath<EnvironmentValues, Value>) {
        read = { $0[keyPath: path] }
    }

    public init(_ type: Value.Type) where Value: AnyObject, Value: Observable {
        read = { $0.objects[ObjectIdentifier(type)] as? Value }
    }

    /// Without a value the app ends, here as on a phone.
    public var wrappedValue: Value {
        guard let value = pointer.cell.value else { fatalError("no \(Value.self) in the environment") }
        return value
    }

    func put(at place: Place, as name: String) { pointer.cell.value = read(place.values) }
}

// MARK: App

@MainActor @preconcurrency public protocol Scene {
    associatedtype Content: View
    var content: Content { get }
}

public struct WindowGroup<Content: View>: Scene {
    public let content: Content
    public init(@ViewBuilder content: () -> Content) { self.content = content() }
}

@MainActor @preconcurrency public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}

extension App {
    /// There is no screen here: the app's first drawing is printed.
    public static func main() {
        print(Driver(Self().body.content).outline())
    }
}
