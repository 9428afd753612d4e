/// What Foundation has on Apple's systems alone: a file that the payer chose is open to the app for a while.
extension URL {
    public func startAccessingSecurityScopedResource() -> Bool { true }
    public func stopAccessingSecurityScopedResource() {}
}
