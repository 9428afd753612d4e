/// What SwiftUI brings along of UIKit: the phone's clipboard.
@MainActor public final class UIPasteboard {
    public static let general = UIPasteboard()
    public var string: String?
}
