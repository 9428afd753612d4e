import SwiftUI

/// Lies over a view while the app is not in front, so that the list of apps shows nothing of the payer's.
struct PrivacyCover: View {
    var body: some View {
        VStack {
            Image(systemName: "eye.slash").font(.largeTitle)
            Text(say("app.privacy.cover"))
        }
        .frame(maxWidth: .infinity, maxHeight: .infinity)
        .background(.background)
        .ignoresSafeArea()
    }
}

extension View {
    /// Covers it while the app is not in front. A sheet stands above its presenter's cover, so its content needs one of
    /// its own.
    func covered() -> some View { modifier(Covered()) }
}

private struct Covered: ViewModifier {
    @Environment(\.scenePhase) private var phase

    func body(content: Content) -> some View {
        content.overlay { if phase != .active { PrivacyCover() } }
    }
}
