// Swift's `dump` and its debuggers look past what a value says of itself. For these they find nothing: whatever the library
// prints by its name alone, as `bindings/tests/printing.rs` checks.

extension Answer: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension PromptKind: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension QuizQuestion: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension NamedPerson: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension AffectedMandate: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension Terms: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension PastCharge: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension ExportedReceipt: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension NamedStatement: CustomReflectable {
    public var customMirror: Mirror { .ofNothing(self) }
}

extension Mirror {
    fileprivate static func ofNothing(_ value: Any) -> Mirror {
        Mirror(value, children: EmptyCollection<Mirror.Child>(), displayStyle: .struct)
    }
}
