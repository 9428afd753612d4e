// Stands in for Apple's UniformTypeIdentifiers: two kinds of files. For checks only.
public struct UTType: Equatable, Sendable {
    public let identifier: String
    public static let jpeg = UTType(identifier: "public.jpeg")
    public static let png = UTType(identifier: "public.png")
}
